import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { ScriptFile } from '../../contract/model.ts';
import type { Layout } from '../../contract/tool.ts';

/** The path of a migration's way back in its layout, which a section of the same file has none of. */
export function downFileOf(layout: Layout, { file }: ScriptFile): string {
  if (layout === 'golang-migrate') return file.replace(/\.up\.sql$/, '.down.sql');
  if (layout === 'flyway') return file.replace(/(^|\/)V([^/]*)$/, '$1U$2');
  if (file.endsWith('/migration.sql')) return file.replace(/migration\.sql$/, 'down.sql');
  return file.replace(/\.sql$/, '.down.sql');
}

/** Can a file be written for the way back? */
export function judgeDownFile({ file, section }: ScriptFile): Outcome<void> {
  if (section === undefined) return ok(undefined);
  const why = `${file} holds both directions; a separate down file would not be read.`;
  const fix = 'Run the command without `--write`, and put what it prints below the mark of the way back.';
  return err(fault('foreign-layout', { why, fix, where: { file } }));
}
