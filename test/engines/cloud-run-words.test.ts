import { describe, expect, test } from 'vitest';
import { told } from './attempt.ts';

describe('F11: a cause that the platform names in words', () => {
  test('a version that was disabled after the check is enabled, and nothing granted (`secret-version-unusable`)', async () => {
    const finding = await told(
      { spoil: ({ emulator }) => emulator.faults.onExecution({ secret: 'disabled' }) },
      'secret-version-unusable',
    );
    expect(finding).toMatchObject({ exitCode: 10, why: expect.stringContaining('is in DISABLED state') });
    expect(finding.fix).toContain('gcloud secrets versions enable 1 --secret database-url-dev --project acme-dev');
  });

  test.each(['DESTROYED', 'was not found'])('a version that %s is replaced by another one', async (words) => {
    const fault = { reason: 'SECRETS_ACCESS_CHECK_FAILED', message: `Secret database-url-dev/versions/1: ${words}.` };
    const finding = await told({ spoil: ({ emulator }) => emulator.faults.onJob(fault) }, 'secret-version-unusable');
    expect(finding.fix).toContain('gcloud secrets versions add database-url-dev');
    expect(finding.fix).not.toContain('versions enable');
  });

  test('the number of jobs is a limit: told after one request, with what makes room (`google-limit`)', async () => {
    const message = 'Quota exceeded for total allowable number of jobs per project per region.';
    const finding = await told(
      {
        spoil: ({ emulator }) =>
          emulator.faults.onCall({
            method: 'CreateJob',
            kind: 'status',
            status: 'RESOURCE_EXHAUSTED',
            message,
            times: 99,
          }),
      },
      'google-limit',
    );
    expect(finding).toMatchObject({ exitCode: 10, created: 1 });
    expect(finding.fix).toContain('gcloud run jobs list --project acme-dev');
  });

  test('a log whose API is off is told the command that switches it on', async () => {
    const finding = await told(
      { spoil: ({ emulator }) => emulator.seed.api('acme-dev', 'logging.googleapis.com', false) },
      'log-unreadable',
    );
    expect(finding.fix).toContain('gcloud services enable logging.googleapis.com --project acme-dev');
    expect(finding.exitCode).toBe(0);
  });
});
