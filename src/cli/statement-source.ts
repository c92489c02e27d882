import type { Bundle } from '../migrate/contract/ports.ts';
import type { PlacedStatement, StatementSource } from './screen/placed-statement.ts';

/** Statements of which the text is looked at: more than these no build is told apart by. */
const mostRead = 200;
const mostBytes = 400;

/** The statements of the migrations that this machine has read. */
export function statementSource(bundle: Bundle): StatementSource {
  return async (id, direction) => {
    const migration = bundle.migrations.find((one) => one.id === id);
    if (migration === undefined || (direction === 'down' && migration.down === undefined)) return [];
    const analysis = await bundle.analysis(migration, direction);
    if (!analysis.ok) return [];
    const body = await bundle.body(migration, direction);
    const placed: PlacedStatement[] = [];
    for (const [index, { tag, line, count, head, end }] of analysis.value.statements.entries()) {
      const bytes = index < mostRead ? await body.read(head, Math.min(end, head + mostBytes)) : new Uint8Array();
      placed.push({ tag, line, count, text: new TextDecoder().decode(bytes) });
    }
    return placed;
  };
}
