// PatternFly's Page carries a notification drawer, its table headers carry help popovers, its search box a form of many fields:
// parts that the console never shows there, and that would bring a quarter of their library with them. They are left out where
// those three import them, and only there.
import type { Plugin } from 'vite';

const EMPTY = '\0left-out';
const LEFT_OUT: readonly { importer: RegExp; source: RegExp; names: string[] }[] = [
  {
    importer: /react-core\/dist\/esm\/components\/Page\/Page\.js$/,
    source: /^\.\.\/Drawer$/,
    names: ['Drawer', 'DrawerContent', 'DrawerContentBody', 'DrawerPanelContent'],
  },
  {
    importer: /react-table\/dist\/esm\/components\/Table\/HeaderCellInfoWrapper\.js$/,
    source: /\/Popover$/,
    names: ['Popover'],
  },
  {
    importer: /react-core\/dist\/esm\/components\/SearchInput\/SearchInput\.js$/,
    source: /^\.\/AdvancedSearchMenu$/,
    names: ['AdvancedSearchMenu'],
  },
];

export function leaveOutParts(): Plugin {
  return {
    name: 'leave-out-parts',
    apply: 'build',
    enforce: 'pre',
    resolveId(source, importer) {
      const index = LEFT_OUT.findIndex(
        (part) => part.importer.test(importer ?? '') && part.source.test(source),
      );
      return index < 0 ? null : `${EMPTY}/${index}`;
    },
    load(id) {
      if (!id.startsWith(EMPTY)) return null;
      const names = LEFT_OUT[Number(id.split('/')[1])]?.names ?? [];
      return names.map((name) => `export const ${name} = () => null;`).join('\n');
    },
  };
}
