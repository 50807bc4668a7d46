import { describe, expect, it } from 'vitest';
import { DETECTION, POLICY } from '../../../tests/fake/fake-detection';
import type { RealmFileError } from './realm-file';
import { readRealmFile, writeRealmFile } from './realm-file';

const REALM = {
  name: 'production',
  displayName: 'Pro "1" \\ ü',
  createdAt: '2026-01-01T00:00:00.000Z',
  policy: POLICY,
  sessions: null,
  users: null,
};

describe('a realm’s file', () => {
  it('says the same when it is read again', () => {
    const file = readRealmFile(writeRealmFile(REALM, DETECTION));
    expect(file).toEqual({
      realm: 'production',
      policy: POLICY,
      networks: DETECTION.networks,
      rules: DETECTION.rules,
    });
  });

  it('is written as the command line writes it', () => {
    const text = writeRealmFile(REALM, {
      networks: [],
      rules: { anonymizer: { enabled: false, severity: 'low' } },
    });
    expect(text).toContain(
      'display_name = "Pro \\"1\\" \\\\ ü"\nnetworks = []\n\n[policy]\nidle_timeout = "PT8H"\n',
    );
    expect(text).toContain('remember_me_max_lifetime = "none"\n');
    expect(text).toContain('\n[rules.anonymizer]\nenabled = false\nseverity = "low"\n');
  });

  it('leaves out what it leaves out', () => {
    const file = readRealmFile('# nothing but this\n[policy]\nmax_sessions_per_user = 3 # three\n');
    expect(file).toEqual({ policy: { maxSessionsPerUser: 3 }, rules: {} });
  });

  it('takes lists over several lines, and # within texts', () => {
    const file = readRealmFile(
      `[[networks]]\nname = 'HQ #1'\ncidrs = [ # two\n  "10.0.0.0/8",\n  "::1",\n]\n`,
    );
    expect(file.networks).toEqual([{ name: 'HQ #1', cidrs: ['10.0.0.0/8', '::1'], trusted: false }]);
  });

  it.each([
    ['[policy]\nidle_timeuot = "PT1H"', 2, 'unknown'],
    ['[rules.no_such]\nenabled = true', 1, 'unknown'],
    ['[policy]\nidle_timeout = PT1H', 2, 'value'],
    ['[policy]\nidle_timeout', 2, 'syntax'],
    ['[[networks]]\ncidrs = ["10.0.0.0/8"', 2, 'syntax'],
  ])('names the line of %j', (text, line, what) => {
    expect.assertions(2);
    try {
      readRealmFile(text);
    } catch (error) {
      expect((error as RealmFileError).line).toBe(line);
      expect((error as RealmFileError).what).toBe(what);
    }
  });
});
