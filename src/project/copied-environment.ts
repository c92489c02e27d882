import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { chooseEnvironment, type Environment, type EnvironmentQuestion } from './environment.ts';

/** Reports a copied environment whose URL leads to its original, if the URL of the original is known here. */
export async function leadsToOriginal(question: EnvironmentQuestion, copy: Environment): Promise<readonly Finding[]> {
  const { name, copiedFrom } = copy;
  if (copiedFrom === undefined) return [];
  // The variable of the original may be unset here.
  const original = await chooseEnvironment({ ...question, named: copiedFrom, askName: undefined });
  if (!original.ok || addressOf(original.value.environment) !== addressOf(copy)) return [];
  return [
    fault('wrong-database', {
      why: `"${name}" is replaced by copies of "${copiedFrom}", but both URLs lead to the same address.`,
      fix: `Check the URLs of "${name}" and "${copiedFrom}".`,
    }),
  ];
}

function addressOf({ database, engine }: Environment): string {
  if (database.kind === 'embedded') return database.kind;
  if (database.kind === 'secret')
    return `secret ${engine === 'local' ? '' : engine.project} ${database.secret} ${database.version ?? ''}`;
  const { host, port, database: name } = database.address;
  return `${host}:${port}/${name}`;
}
