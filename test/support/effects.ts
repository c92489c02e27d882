import { memorySource } from '../../src/adapters/files/byte-source.ts';
import { nodeHashing } from '../../src/adapters/files/hashing.ts';
import { createParser } from '../../src/adapters/parser/libpg-query.ts';
import { encodeUtf8 } from '../../src/sql/encoding.ts';
import { analyse } from '../../src/migrate/read/analyse.ts';
import { checksumOf } from '../../src/migrate/read/checksum.ts';
import type { Effect } from '../../src/migrate/verify/fact.ts';

const ports = { parser: createParser(), hashing: nodeHashing };

/** Effects of a script's text, by the whole analysis. */
export async function effectsOf(sql: string): Promise<readonly Effect[]> {
  const bytes = encodeUtf8(sql);
  const source = memorySource(bytes);
  const script = { file: 'm/1_x.sql', checksum: await checksumOf(source, nodeHashing), size: bytes.length };
  const result = await analyse(script, source, ports);
  if (!result.ok) throw new Error(JSON.stringify(result.findings));
  return result.value.effects;
}

/** One line for each effect: `create! column app.t.a type=text, not null=yes`; `!` stands for IF NOT EXISTS. */
function line(effect: Effect): string {
  if (effect.op === 'opaque') return `opaque ${effect.tag}`;
  if (effect.op === 'insert' || effect.op === 'rows-changed') {
    const table = [effect.table.schema, effect.table.name].filter((part) => part !== null).join('.');
    return effect.op === 'insert'
      ? `insert ${table} (${effect.columns.join(',')}) ${effect.count} ${effect.conflict}`
      : `${effect.how} ${table}`;
  }
  const { kind, schema, table, name } = effect.object;
  const full = `${kind} ${[schema, table, name].filter((part) => part !== null && part !== undefined).join('.')}`;
  if (effect.op === 'touch') return `touch ${full}`;
  if (effect.op === 'drop') return `drop ${full}${effect.cascade ? ' cascade' : ''}`;
  if (effect.op === 'rename') return `rename ${full} ${JSON.stringify(effect.to)}`;
  const marks = effect.op === 'create' ? (effect.ifNotExists ? '!' : effect.replace === true ? '+' : '') : '';
  const facts = Object.entries(effect.facts).map(([fact, value]) => `${fact}=${value}`);
  return [`${effect.op}${marks} ${full}`, ...facts].join('; ');
}

/** The effects of a script, a line each. */
export async function lines(sql: string): Promise<readonly string[]> {
  return (await effectsOf(sql)).map(line);
}
