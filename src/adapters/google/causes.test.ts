import { expect, test } from 'vitest';
import { errorOf, operationError } from './error.ts';
import { googleFault } from './fault.ts';
import { isRepeatable } from './repeatable.ts';

const what = { doing: 'creating job', resource: 'projects/acme/locations/us-central1/jobs/godwit' };

function refused(status: number, message: string, reason = ''): ReturnType<typeof errorOf> {
  const details = reason === '' ? [] : [{ reason }];
  return errorOf(status, JSON.stringify({ error: { code: status, message, details } }));
}

test.each([
  [
    429,
    'Quota exceeded for total allowable number of jobs per project per region.',
    '',
    'google-limit',
    'run jobs list --project acme',
  ],
  [429, 'Quota exceeded for total allowable CPU per project per region.', '', 'google-limit', 'quotas?project=acme'],
  [
    403,
    'This API method requires billing to be enabled. Please enable billing on project #12.',
    'BILLING_DISABLED',
    'google-refused',
    'billing projects link acme',
  ],
  [
    403,
    "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: x",
    'SECURITY_POLICY_VIOLATED',
    'google-refused',
    'perimeter',
  ],
  [
    400,
    'Constraint constraints/run.allowedVPCEgress violated for projects/acme',
    '',
    'google-refused',
    'exception from constraints/run.allowedVPCEgress',
  ],
  [
    403,
    'Request had insufficient authentication scopes.',
    'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
    'google-credentials-refused',
    'cloud-platform',
  ],
  [403, "Permission denied on 'locations/us-central9' (or it may not exist).", '', 'google-not-found', 'regions list'],
  [
    403,
    'Permission denied on resource project acme. CONSUMER_INVALID',
    'CONSUMER_INVALID',
    'google-not-found',
    'projects list',
  ],
])('F11: the fix follows the words, not the status: %i %s (`google-limit`)', (status, message, reason, code, fix) => {
  const finding = googleFault(refused(status, message, reason), what);
  expect([finding.code, finding.why]).toEqual([code, expect.stringContaining(message)]);
  expect(finding.fix).toContain(fix);
});

test.each([
  ['Quota exceeded for total allowable number of jobs per project per region.', false],
  ["Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute'", true],
  ['slow down', true],
])('F11: a limit that waiting does not raise is not tried again: %s', (message, repeats) => {
  const request = { service: 'run', method: 'GET', path: 'x' } as const;
  expect(isRepeatable(request, refused(429, message))).toBe(repeats);
  const create = { ...request, method: 'POST', idempotent: true } as const;
  expect(isRepeatable(create, operationError({ code: 8, message }))).toBe(repeats);
});
