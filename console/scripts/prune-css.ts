// Takes out of the built style sheets the custom properties that nothing reads: PatternFly defines thousands of tokens and
// reads a part of them. A property is kept if any kept rule, or any script, names it.
import postcss, { type Declaration, type Root } from 'postcss';
import type { Plugin } from 'vite';

const NAME = /--[\w-]+/g;

export function pruneCss(): Plugin {
  return {
    name: 'prune-css',
    apply: 'build',
    enforce: 'post',
    generateBundle(_, bundle) {
      const sheets: { file: string; root: Root }[] = [];
      const named = new Set<string>();
      for (const [file, output] of Object.entries(bundle)) {
        if (output.type === 'chunk') output.code.match(NAME)?.forEach((name) => named.add(name));
        else if (file.endsWith('.css')) sheets.push({ file, root: postcss.parse(String(output.source)) });
      }
      prune(
        sheets.map((sheet) => sheet.root),
        named,
      );
      for (const { file, root } of sheets) {
        const output = bundle[file];
        if (output?.type === 'asset') output.source = root.toString();
      }
    },
  };
}

// Removes what nobody reads, and then what only that read, until nothing more falls.
export function prune(roots: Root[], named: ReadonlySet<string>): void {
  for (;;) {
    const read = new Set(named);
    const definitions: Declaration[] = [];
    for (const root of roots) {
      root.walkDecls((declaration) => {
        declaration.value.match(NAME)?.forEach((name) => read.add(name));
        if (declaration.prop.startsWith('--')) definitions.push(declaration);
      });
    }
    const unread = definitions.filter((declaration) => !read.has(declaration.prop));
    if (unread.length === 0) return;
    unread.forEach((declaration) => {
      let parent = declaration.parent;
      declaration.remove();
      while (parent && parent.type !== 'root' && parent.nodes?.length === 0) {
        const above = parent.parent;
        parent.remove();
        parent = above as typeof parent;
      }
    });
  }
}
