import type { Style } from '../screen/style.ts';

/** One call that the emulated Google Cloud answered. */
export interface DemoCall {
  /** Full name: `google.cloud.run.v2.Jobs.CreateJob`. */
  readonly method: string;
  /** `OK`, or the name of the status. */
  readonly status: string;
  readonly needs: readonly { readonly resource: string }[];
}

/** What a look is about, by the last part of its method's name. */
const looks: Readonly<Record<string, string>> = {
  GetSecretVersion: 'secret',
  GetConnector: 'connector',
  GetServiceAccount: 'account of the job',
  get: 'instance',
  TestIamPermissions: 'your permissions',
};

/** What godwit looked at before it created its first job, as the emulator recorded it. */
export function lookedAt(calls: readonly DemoCall[], style: Style): readonly string[] {
  const before = calls.slice(
    0,
    calls.findIndex(({ method }) => method.endsWith('.CreateJob')),
  );
  const rows = before.flatMap(({ method, status, needs: [need] }) => {
    const about = looks[method.split('.').at(-1) ?? ''];
    if (about === undefined) return [];
    const [, name = ''] = /(?:secrets|connectors|serviceAccounts|instances)\/([^/@]+)/.exec(need?.resource ?? '') ?? [];
    return [`  ${status === 'OK' ? style.green('✔') : style.red('✘')} ${about.padEnd(20)}${name}`.trimEnd()];
  });
  return [...new Set(rows)];
}

/** Jobs that were created, by their last part, and whether each was deleted. */
export function jobsOf(calls: readonly DemoCall[]): { readonly created: number; readonly deleted: number } {
  const count = (last: string): number =>
    calls.filter(({ method, status }) => method.endsWith(`.${last}`) && status === 'OK').length;
  return { created: count('CreateJob'), deleted: count('DeleteJob') };
}
