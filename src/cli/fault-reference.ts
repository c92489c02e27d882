import type { CatalogueEntry } from '../kit/catalogue/entry.ts';
import { adoptFaults } from '../kit/catalogue/adopt.ts';
import { applyFaults } from '../kit/catalogue/apply.ts';
import { cloudFaults } from '../kit/catalogue/cloud.ts';
import { cloudRunFaults } from '../kit/catalogue/cloud-run.ts';
import { databaseFaults } from '../kit/catalogue/database.ts';
import { embeddedFaults } from '../kit/catalogue/embedded.ts';
import { execFaults } from '../kit/catalogue/exec.ts';
import { imageFaults } from '../kit/catalogue/image.ts';
import { jobFaults } from '../kit/catalogue/job.ts';
import { planFaults } from '../kit/catalogue/plan.ts';
import { privateNetworkFaults } from '../kit/catalogue/private-network.ts';
import { rollbackFaults } from '../kit/catalogue/rollback.ts';
import { sqlFaults } from '../kit/catalogue/sql.ts';
import { squashFaults } from '../kit/catalogue/squash.ts';
import { usageFaults } from '../kit/catalogue/usage.ts';
import { verifyFaults } from '../kit/catalogue/verify.ts';

type Part = Readonly<Record<string, CatalogueEntry>>;

/** The stages in the order in which a command meets them. */
const stages: Readonly<Record<string, Part>> = {
  'Command line, configuration, database URL': usageFaults,
  'Migration files': sqlFaults,
  'Reaching the database': databaseFaults,
  'Planning and policies': { ...planFaults, ...squashFaults },
  'Adopting and identity': adoptFaults,
  Applying: { ...applyFaults, ...jobFaults },
  Undoing: rollbackFaults,
  Verifying: verifyFaults,
  'Commands and hooks': execFaults,
  'Google Cloud': { ...cloudFaults, ...cloudRunFaults },
  'Container images': imageFaults,
  'Embedded PostgreSQL and the demo': { ...embeddedFaults, ...privateNetworkFaults },
};

const introduction = [
  'Every expected failure has a code, which never changes. `godwit explain CODE` prints its cause, its fix and its exit code; `godwit explain` lists all codes. The message of a run is more precise: it names the file, the line and the objects.',
  'This page follows a command from its first step to its last. Within each stage, the codes that people meet most come first, each with a sample of real output. A table lists the others by exit code.',
  'A *warning* or a *note* does not fail the command. *Retryable* means that the same command can succeed later without a change. The meaning of each exit code is in [commands](cli.md).',
];

/** Writes docs/faults.md: every code that godwit can report, by stage. `samples` maps codes to real output. */
export function faultReference(samples: ReadonlyMap<string, string>): string {
  return [
    '<!-- Generated from the sources; edits are overwritten. -->',
    '',
    '# Faults',
    '',
    ...introduction.flatMap((paragraph) => [paragraph, '']),
    ...Object.entries(stages).flatMap(([stage, part]) => stageSection(stage, part, samples)),
  ].join('\n');
}

function stageSection(stage: string, part: Part, samples: ReadonlyMap<string, string>): readonly string[] {
  const all = Object.entries(part).sort(([a, one], [b, other]) => one.exit - other.exit || (a < b ? -1 : 1));
  const common = all.filter(([code]) => samples.has(code));
  const others = all.filter(([code]) => !samples.has(code));
  return [
    `## ${stage}`,
    '',
    ...common.flatMap(([code, entry]) => sampleSection(code, entry, samples.get(code) ?? '')),
    ...(common.length === 0 ? [] : [`### Other codes: ${lowerFirst(stage)}`, '']),
    '| exit | code | what is wrong |',
    '|---|---|---|',
    ...others.map(
      ([code, entry]) => `| ${entry.exit}${marks(entry)} | <a id="${code}"></a>\`${code}\` | ${entry.title} |`,
    ),
    '',
  ];
}

function sampleSection(code: string, entry: CatalogueEntry, sample: string): readonly string[] {
  const fix = sample.includes(entry.fix) ? [] : [`*Fix:* ${entry.fix}`];
  return [
    `### ${code}`,
    '',
    [`Exit ${entry.exit}${marks(entry)}. ${entry.why}`, ...fix].join(' '),
    '',
    '```text',
    sample.trimEnd(),
    '```',
    '',
  ];
}

function marks({ severity, retryable }: CatalogueEntry): string {
  return `${severity === undefined ? '' : `, ${severity}`}${retryable === true ? ', retryable' : ''}`;
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text[0]?.toLowerCase() + text.slice(1) : text;
}
