// A device in a word and an icon, the same everywhere.
import LaptopIcon from '@patternfly/react-icons/dist/esm/icons/laptop-icon';
import MobileAltIcon from '@patternfly/react-icons/dist/esm/icons/mobile-alt-icon';
import QuestionCircleIcon from '@patternfly/react-icons/dist/esm/icons/question-circle-icon';
import RobotIcon from '@patternfly/react-icons/dist/esm/icons/robot-icon';
import TabletAltIcon from '@patternfly/react-icons/dist/esm/icons/tablet-alt-icon';
import TerminalIcon from '@patternfly/react-icons/dist/esm/icons/terminal-icon';
import TvIcon from '@patternfly/react-icons/dist/esm/icons/tv-icon';
import type { TFunction } from 'i18next';
import type { Schemas } from '@/shared/api/client';
import { useWords } from '@/shared/i18n/use-words';

export type Device = Schemas['Device'];
export type DeviceKind = Schemas['DeviceKind'];
export const DEVICE_KINDS = [
  'desktop',
  'mobile',
  'tablet',
  'tv',
  'bot',
  'tool',
  'unknown',
] as const satisfies readonly DeviceKind[];

type Named = Pick<Device, 'browser' | 'os' | 'kind' | 'family'>;
const UNKNOWN = 'Unknown device'; // the API's word for no family

const ICONS = {
  desktop: LaptopIcon,
  mobile: MobileAltIcon,
  tablet: TabletAltIcon,
  tv: TvIcon,
  bot: RobotIcon,
  tool: TerminalIcon,
  unknown: QuestionCircleIcon,
};

// "Firefox 141 on Windows 11"; as much of it as is known. Of a device without a live session only its family is remembered.
export function deviceName(t: TFunction, device: Named | null): string {
  if (!device) return t('session.noAgent');
  const { browser, os, kind, family } = device;
  if (browser && os) return t('session.browserOn', { browser, os });
  return browser || os || (family === UNKNOWN ? '' : family) || t(`session.device.${kind}`);
}

interface Props {
  device: Named | null;
  className?: string;
}

export function DeviceIcon({ device, className }: Props) {
  const t = useWords();
  const kind = device?.kind ?? 'unknown';
  const Icon = ICONS[kind];
  return (
    <span
      className={className}
      data-tip={deviceName(t, device)}
      role="img"
      aria-label={t(`session.device.${kind}`)}
    >
      <Icon set="default" />
    </span>
  );
}
