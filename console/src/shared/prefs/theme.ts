// Puts the theme on the document; follows the system where that is the setting.
import { getPrefs, subscribePrefs } from './prefs';

const DARK = 'pf-v6-theme-dark';

export function startTheme(): void {
  const system = window.matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    const { theme, density } = getPrefs();
    const dark = theme === 'dark' || (theme === 'system' && system.matches);
    document.documentElement.classList.toggle(DARK, dark);
    document.documentElement.dataset['density'] = density;
    document.dispatchEvent(new Event('curfew:theme'));
  };
  system.addEventListener('change', apply);
  subscribePrefs(apply);
  apply();
}
