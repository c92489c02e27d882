import { fault } from '../kit/fault.ts';
import { nearest } from '../kit/nearest.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import { tools } from '../migrate/contract/tool.ts';

/**
 * Checks the name of another tool, or of its history table, as it was typed.
 *
 * @param option for the finding: `--from`
 * @param more what is allowed in addition
 */
export function checkToolName(option: string, name: string | undefined, ...more: readonly string[]): Outcome<void> {
  const allowed = [...tools, ...more];
  // A table is named with its schema.
  if (name === undefined || name.includes('.') || allowed.includes(name)) return ok(undefined);
  const near = nearest(name, allowed);
  return err(
    fault('wrong-usage', {
      why: `${option} ${name}: godwit knows no tool of that name.`,
      fix: `${near === undefined ? '' : `Did you mean \`${near}\`? `}It knows ${allowed.join(', ')}, and tables as SCHEMA.TABLE.`,
    }),
  );
}
