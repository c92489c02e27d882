import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { toolTitles, type Layout } from '../../contract/tool.ts';
import { canonicalVersion, compareVersions } from '../file-name.ts';
import { downMark, upMark, type SectionTool } from './section-rules.ts';

/** What to write. */
export interface NewFilesOptions {
  /** Names in the folder: of its files, and of the folders in it. */
  readonly present: readonly string[];
  /** What the migration does, as in a file name. */
  readonly name: string;
  readonly down: boolean;
  /** For layouts whose versions are times: in milliseconds, and as an ISO string. */
  readonly now: { readonly ms: number; readonly iso: string };
}

/** The files of a new migration. */
export interface NewFiles {
  readonly version: string;
  /** Texts by path in the folder. */
  readonly texts: ReadonlyMap<string, string>;
}

type ForeignLayout = Exclude<Layout, 'native'>;

/** The next migration as a tool's own command would write it; refused where that tool must do it. */
export function newFiles(layout: ForeignLayout, options: NewFilesOptions): Outcome<NewFiles> {
  const command = itself.get(layout);
  if (command !== undefined) {
    const why = `${toolTitles[layout]} keeps a list of its files, which a new file has to enter.`;
    return err(fault('foreign-layout', { why, fix: `\`${command(options.name)}\` writes the next migration.` }));
  }
  const digits = nextVersion(layout, options);
  const texts = new Map(textsOf(layout, digits, options));
  return ok({ version: canonicalVersion(digits.replaceAll('_', '.')), texts });
}

const itself: ReadonlyMap<Layout, (name: string) => string> = new Map([
  ['drizzle', (name: string) => `npx drizzle-kit generate --custom --name=${name}`],
  ['atlas', (name: string) => `atlas migrate new ${name}`],
]);

function* textsOf(
  layout: ForeignLayout,
  version: string,
  { name, down, present }: NewFilesOptions,
): Generator<readonly [string, string]> {
  const title = `-- ${name.replaceAll('_', ' ')}\n`;
  const undoes = `-- Undoes ${name.replaceAll('_', ' ')}: its statements reversed, the last one first\n`;
  switch (layout) {
    case 'dbmate':
    case 'goose':
    case 'node-pg-migrate':
      yield [`${version}_${name}.sql`, inSections(layout)];
      return;
    case 'sql-migrate':
      yield [`${version}${present.some((one) => /^\d+_/.test(one)) ? '_' : '-'}${name}.sql`, inSections(layout)];
      return;
    case 'golang-migrate':
      yield [`${version}_${name}.up.sql`, title];
      if (down) yield [`${version}_${name}.down.sql`, undoes];
      return;
    case 'flyway':
      yield [`V${version}__${name}.sql`, title];
      if (down) yield [`U${version}__${name}.sql`, undoes];
      return;
    case 'prisma':
    case 'drizzle':
      yield [`${version}_${name}/migration.sql`, title];
      if (down) yield [`${version}_${name}/down.sql`, undoes];
      return;
    default:
      yield [`${version}_${name}.sql`, title];
      if (down) yield [`${version}_${name}.down.sql`, undoes];
  }
}

function inSections(tool: SectionTool): string {
  return `${upMark[tool]}\n\n${downMark[tool]}\n`;
}

/** Versions go on as the newest one does: a time of the same form, or the next number with as many digits. */
function nextVersion(layout: ForeignLayout, { present, now }: NewFilesOptions): string {
  const versions = present.flatMap((name) => versionIn(layout, name));
  const newest = versions.toSorted((a, b) => compareVersions(comparable(a), comparable(b))).at(-1);
  if (newest === undefined) return firstVersion[layout] ?? timeOf(now, layout === 'node-pg-migrate' ? 13 : 14) ?? '1';
  const time = timeOf(now, newest.length);
  if (time !== undefined && compareVersions(comparable(newest), time) < 0) return time;
  const [, head = '', last = '0'] = /^(.*?)(\d+)$/.exec(newest) ?? [];
  return `${head}${String(BigInt(last) + 1n).padStart(last.length, '0')}`;
}

function comparable(version: string): string {
  return canonicalVersion(version.replaceAll('_', '.'));
}

function versionIn(layout: ForeignLayout, name: string): readonly string[] {
  const [, version] = (layout === 'flyway' ? /^V(\d+(?:[._]\d+)*)__/ : /^(\d+)(?:[_.-]|$)/).exec(name) ?? [];
  return version === undefined ? [] : [version];
}

const firstVersion: Readonly<Partial<Record<ForeignLayout, string>>> = { flyway: '1', 'golang-migrate': '000001' };

/** A time as digits of this length; undefined: no form of a time has it. */
function timeOf({ ms, iso }: NewFilesOptions['now'], length: number): string | undefined {
  if (length === 10) return String(Math.floor(ms / 1000));
  if (length === 13) return String(ms);
  return length === 14 || length === 17 ? iso.replaceAll(/\D/g, '').slice(0, length) : undefined;
}
