import { setTimeout as sleep } from 'node:timers/promises';
import type { Finding } from '../../../kit/finding.ts';
import { err, type Outcome } from '../../../kit/outcome.ts';
import type { CloudRunContext } from './context.ts';

/**
 * Google’s words for what may just have been granted or created: it says them for up to some minutes after it was told,
 * right after the first set-up above all.
 */
const fresh =
  /permission denied on secret|service agent\b.*\b(?:get access tokens|permission to read the image)|service account\b.*\bdoes not exist/is;

/**
 * Tries a start, and once more after a pause if a grant or an account may be too new. The second refusal is the answer,
 * with a sentence that says how long Google may need.
 */
export async function withFreshGrants<T>(
  { timeouts, onProgress }: Pick<CloudRunContext, 'timeouts' | 'onProgress'>,
  start: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const first = await start();
  if (first.ok || !first.findings.some(isFresh)) return first;
  const seconds = Math.ceil(timeouts.grantMs / 1_000);
  onProgress(`Google refused the job; a grant that was just made may not have arrived: trying again in ${seconds} s`);
  await sleep(timeouts.grantMs);
  const second = await start();
  return second.ok ? second : err(...second.findings.map((finding) => (isFresh(finding) ? patient(finding) : finding)));
}

function isFresh({ why }: Finding): boolean {
  return fresh.test(why);
}

function patient(finding: Finding): Finding {
  const fix = finding.fix.replace(/\.$/, '');
  return {
    ...finding,
    fix: `${fix}. If that was done in the last minutes, wait and run the command again: Google needs up to 7 minutes to apply a grant, and hours for one to a group.`,
  };
}
