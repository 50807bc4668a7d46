import '@patternfly/react-core/dist/styles/base.css';
import '@/shared/ui/console.css';
import '@/shared/ui/elements.css';
import { createRoot } from 'react-dom/client';
import { App } from '@/app/app';
import { startI18n } from '@/shared/i18n/i18n';
import { startTheme } from '@/shared/prefs/theme';

startTheme();
await startI18n();
const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
createRoot(root).render(<App />);
