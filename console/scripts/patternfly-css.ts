// A PostCSS plugin that leaves out what this console never uses of PatternFly's style sheets: the icon font, the font faces
// (the console has its own, smaller one), and the rules of themes (glass, felt, high contrast) that no setting turns on.
import type { Plugin, Rule } from 'postcss';

const unusedSelector =
  /pficon|pf-v6-theme-(glass|felt|high-contrast)|\.pf-v6-m-(ai-indicator|thinking)|compass|\.pf-m-glass|\.pf-m-[\w-]+-on-(sm|md|lg|xl|2xl)\b|dir=rtl|dir-rtl|pf-m-tree-view|inline-edit|pf-m-grid(-sm|-xl|-2xl)?\b(?!-)|pf-m-tree-view-grid/;

export function patternflyCss(): Plugin {
  return {
    postcssPlugin: 'patternfly-css',
    Once(root) {
      if (!/patternfly/.test(root.source?.input.file ?? '')) return;
      root.walkAtRules('font-face', (face) => {
        face.remove();
      });
      root.walkRules((rule: Rule) => {
        const kept = rule.selectors.filter((selector) => !unusedSelector.test(withoutNegations(selector)));
        if (kept.length === 0) rule.remove();
        else if (kept.length < rule.selectors.length) rule.selectors = kept;
      });
    },
  };
}

// `:not(.pf-v6-theme-glass)` is true here, so it is no reason to drop the rule.
function withoutNegations(selector: string): string {
  return selector.replace(/:not\([^()]*\)/g, '');
}
