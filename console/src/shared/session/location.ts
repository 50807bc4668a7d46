import type { TFunction } from 'i18next';
import type { Session } from './session';

// "Corporate · Berlin, Germany · Example Telecom (AS64500)": as much of it as is known.
export function locationText(t: TFunction, location: Session['location'], locale: string): string {
  if (!location) return '';
  const { network, city, country, organization, asn, anonymizer } = location;
  const place = [city, country && countryName(country, locale)].filter(Boolean).join(', ');
  const number = asn === null || asn === undefined ? undefined : `AS${asn}`;
  const operator = organization && number ? `${organization} (${number})` : organization || number;
  return [network, place, operator, anonymizer && t('details.anonymizer')].filter(Boolean).join(' · ');
}

function countryName(code: string, locale: string): string {
  try {
    return new Intl.DisplayNames(locale, { type: 'region' }).of(code) ?? code;
  } catch {
    return code; // not a region's code
  }
}
