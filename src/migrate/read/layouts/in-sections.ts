import { toolTitles } from '../../contract/tool.ts';
import type { Convention } from '../convention.ts';
import { canonicalVersion, kindOfName, type FileName } from '../file-name.ts';
import { byLetters } from './order.ts';
import { wayOn } from './refusal.ts';
import { downMark, type SectionTool } from './section-rules.ts';
import { divideFile } from './sections.ts';

interface Names {
  /** What is between version and name. */
  readonly file: RegExp;
  /** Migrations in another language. */
  readonly code: RegExp;
}

const names: Readonly<Record<SectionTool, Names>> = {
  dbmate: { file: /^(\d+)(?:[_-]?(.+?))?(\.verify)?\.sql$/, code: /$^/ },
  goose: { file: /^(\d+)_(.+?)(\.verify)?\.sql$/, code: /^\d+_\w+(?<!_test)\.go$/ },
  'sql-migrate': { file: /^(\d+)(?:[_-]?(.+?))?(\.verify)?\.sql$/, code: /$^/ },
  'node-pg-migrate': { file: /^(\d+)[_-](.+?)(\.verify)?\.sql$/, code: /^\d+[_-].*\.[cm]?[jt]s$/ },
};

/** The layouts with both directions in one file. */
export function sectionConvention(tool: SectionTool): Convention {
  const order = orders[tool];
  return {
    layout: tool,
    nameOf: (path) => nameIn(tool, path),
    ...(order === undefined ? {} : { order }),
    ...(byName.has(tool) ? { sharesVersions: true } : {}),
    knownAs: knownAs[tool],
    divide: async (source, file) => await divideFile(tool, source, file),
  };
}

function nameIn(tool: SectionTool, path: string): FileName {
  if (names[tool].code.test(path)) {
    const why = `${path} is a migration of ${toolTitles[tool]} in code. Godwit reads SQL only.`;
    return { kind: 'foreign', why, fix: wayOn(tool) };
  }
  const kind = kindOfName(path);
  if (kind !== 'sql') return { kind };
  const [, digits, name, verify] = names[tool].file.exec(path) ?? [];
  if (digits === undefined) return { kind: 'no-version' };
  if (path.endsWith('.down.sql')) {
    const why = `${toolTitles[tool]} keeps the way back in the same file, below \`${downMark[tool]}\`.`;
    return { kind: 'foreign', why, fix: `Move the statements of ${path} there.` };
  }
  return {
    kind: 'script',
    role: verify === undefined ? 'up' : 'verify',
    version: canonicalVersion(digits),
    name: name ?? digits,
  };
}

/** Tools that keep names in their history. The others keep versions, so one version cannot be shared. */
const byName: ReadonlySet<SectionTool> = new Set(['sql-migrate', 'node-pg-migrate']);

const knownAs: Readonly<Record<SectionTool, (path: string, version: string) => string>> = {
  dbmate: (path) => /^\d+/.exec(path)?.[0] ?? path,
  goose: (_, version) => version,
  'sql-migrate': (path) => path,
  'node-pg-migrate': (path) => path.replace(/\.sql$/, ''),
};

const orders: Readonly<Partial<Record<SectionTool, (a: string, b: string) => number>>> = {
  dbmate: byLetters,
  'node-pg-migrate': (a, b) => timeOf(a) - timeOf(b),
};

/** Seventeen digits are a date for node-pg-migrate, and count as the milliseconds of that time. */
function timeOf(path: string): number {
  const digits = /^\d+/.exec(path)?.[0] ?? '';
  const date = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})$/.exec(digits);
  if (date === null) return Number(digits);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0] = date.slice(1).map(Number);
  return (((daysTo(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms;
}

/** Days from 1970-01-01 to a date of the Gregorian calendar; its years are taken to begin in March. */
function daysTo(year: number, month: number, day: number): number {
  const years = month > 2 ? year : year - 1;
  const inYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  return years * 365 + Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400) + inYear - 719_468;
}
