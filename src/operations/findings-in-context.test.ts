import { expect, test } from 'vitest';
import { catalogue } from '../kit/catalogue/index.ts';
import { commandTexts } from '../kit/catalogue/exec.ts';
import { fault } from '../kit/fault.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import type { Project } from '../project/open.ts';
import { findingsInContext } from './findings-in-context.ts';

const options = {
  project: 'acme-dev',
  region: 'europe-west1',
  secret: 'database-url-dev',
  serviceAccount: 'godwit@acme-dev.iam.gserviceaccount.com',
  instance: 'acme-dev:europe-west1:main',
};
const remote = { options } as unknown as NonNullable<Project['remote']>;
const run = '01J9ZQ3V7N';
const began: RunEvent = { kind: 'exec.started', words: ['true'] };

test('N10: no name that is known is left as a placeholder in a command', () => {
  const { finding } = findingsInContext({ remote }, { run, kind: 'apply' });
  expect(finding(fault('lines-lost')).fix).toContain(`\`godwit runs show ${run}\``);
  const why = 'Deleting job projects/p/locations/r/jobs/godwit-dev-01j9-a1: denied';
  expect(finding(fault('cleanup-incomplete', { why })).fix).toContain(
    '`gcloud run jobs delete godwit-dev-01j9-a1 --region europe-west1`',
  );
  expect(finding(fault('job-name-taken', { why: 'Job godwit-dev-01j9-a1 already exists in p.' })).fix).toContain(
    '`gcloud run jobs delete godwit-dev-01j9-a1 --region europe-west1`',
  );
  expect(finding(fault('secret-refused')).fix).toContain(
    `add-iam-policy-binding database-url-dev --member serviceAccount:${options.serviceAccount} `,
  );
  expect(finding(fault('url-localhost')).fix).toContain('`gcloud sql instances describe main --format');
  const placeholders = Object.keys(catalogue).flatMap((code) => {
    const { fix } = finding(fault(code as keyof typeof catalogue, { why: 'Job godwit-dev-01 and its parts.' }));
    return [...fix.matchAll(/`(?:godwit|gcloud) [^`]*\b(RUN|REGION|SECRET|ACCOUNT|INSTANCE|JOB|PROJECT)\b/g)].map(
      ([, word]) => `${code} ${word ?? ''}`,
    );
  });
  // The run in progress is another one; where it is reported, it is named.
  expect(new Set(placeholders)).toEqual(new Set(['run-under-way RUN', 'run-not-detached RUN']));
});

test('N10: a task that reads names no run as its own, and what a person chooses stays a placeholder', () => {
  const reading = findingsInContext({}, { run, kind: 'inspect' });
  expect(reading.finding(fault('lines-lost')).fix).toContain('`godwit runs show RUN`');
  const { finding } = findingsInContext({ remote }, { run, kind: 'apply' });
  for (const code of ['adopt-rows', 'plan-file-invalid', 'adopt-not-proven'] as const)
    expect(finding(fault(code))).toEqual(fault(code));
});

test('N10: for a command no text speaks of migrations, and one that did not begin is told as not executed', () => {
  for (const before of [[], [began]]) {
    for (const code of Object.keys(commandTexts) as (keyof typeof catalogue)[]) {
      const context = findingsInContext({ remote }, { run, kind: 'exec' });
      for (const event of before) context.event(event);
      const { why, fix } = context.finding(fault(code));
      expect(`${why} ${fix}`).not.toMatch(/migration|is applied|it applied|`godwit (?:up|status|plan)/);
      expect(fix).not.toMatch(/\bRUN\b/);
    }
  }
  const fixOf = (code: 'interrupted' | 'taken-over', ...before: readonly RunEvent[]): string => {
    const context = findingsInContext({}, { run, kind: 'exec' });
    for (const event of before) context.event(event);
    return context.finding(fault(code)).fix;
  };
  expect(fixOf('interrupted')).toBe('The command was not executed: run it again.');
  expect(fixOf('interrupted', began)).toBe('Check what the command did before you run it again.');
  expect(fixOf('taken-over', began)).toContain('Check what the command did');
  // What was said of this very case stays.
  const said = fault('outcome-unknown', { why: 'This case.', fix: 'This very way.' });
  expect(findingsInContext({}, { run, kind: 'exec' }).finding(said)).toEqual(said);
  expect(findingsInContext({}, { run, kind: 'apply' }).finding(fault('interrupted'))).toEqual(fault('interrupted'));
});

test('findings of an execution are completed in its events, too', () => {
  const context = findingsInContext({}, { run, kind: 'exec' });
  const finding = fault('job-lost');
  const execution = context.execution({
    run,
    outcome: 'unknown',
    exitCode: 42,
    findings: [finding],
    events: [began, { kind: 'finding', finding }],
  });
  const whole = expect.stringContaining(`\`godwit runs show ${run}\``);
  expect(execution).toMatchObject({ findings: [{ fix: whole }], events: [began, { finding: { fix: whole } }] });
});
