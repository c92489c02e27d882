import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deploy, verify } from '../../src/index.ts';
import { fileOf, statementAt, type Foreign, type History, type Migration } from './history.ts';
import {
  asComplaint,
  complaintsOf,
  isBrokenView,
  isTold,
  names,
  unfounded,
  untold,
  weightOf,
  type Complaint,
  type Whose,
} from './judge.ts';
import { changeAll, replay, survives, withClient, type Reference } from './replay.ts';
import { differences, differenceText, takeSnapshot, type Difference } from './snapshot.ts';
import type { Place, Stage } from './stage.ts';

/** One thing that was not as it must be. */
interface Failure {
  /** `false alarm`, `missed`, `up`, … */
  readonly kind: string;
  /** The command: `up 2`, `verify 1`, `verify after damage`. */
  readonly at: string;
  /** What kind of check, statement or thing it is about: failures are counted by it. */
  readonly about: string;
  readonly detail: string;
  readonly statement: string;
}

/** What became of a history. */
export interface Verdict {
  /** `refused`: psql does not take the files; `broken`: nor does it beside the others' changes. */
  readonly state: 'judged' | 'refused' | 'broken';
  readonly failures: readonly Failure[];
  readonly damages: number;
}

/** How far a history is judged. */
export interface Terms {
  readonly damages: number;
  /** What the files alone make, where that is known. */
  readonly reference?: Reference;
}

/** Applies the runs, with the others beside them, verifies behind each, damages the end, and judges all of it. */
export async function evaluate(stage: Stage, history: History, terms: Terms): Promise<Verdict> {
  const reference = terms.reference ?? (await replay(stage, history));
  if (reference === undefined) return { state: 'refused', failures: [], damages: 0 };
  await using place = await stage.database();
  const folder = mkdtempSync(join(tmpdir(), `godwit-test-${process.pid}-history-`));
  try {
    return await new Trial(stage, history, { place, folder, reference }).judge(terms);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Site {
  readonly place: Place;
  readonly folder: string;
  readonly reference: Reference;
}

class Trial {
  private readonly failures: Failure[] = [];
  private readonly others = new Set<number>();
  /** What runs have told of others' changes that they took along. */
  private readonly taken: Complaint[] = [];
  private border = Number.POSITIVE_INFINITY;
  private damages = 0;
  private readonly stage: Stage;
  private readonly history: History;
  private readonly site: Site;

  constructor(stage: Stage, history: History, site: Site) {
    this.stage = stage;
    this.history = history;
    this.site = site;
    mkdirSync(join(site.folder, 'migrations'));
  }

  async judge(terms: Terms): Promise<Verdict> {
    const { runs, foreign } = this.history;
    for (const [index, migrations] of runs.entries()) {
      const beside = foreign.filter(({ run }) => run === index + 1);
      if (
        !(await this.up(
          index + 1,
          migrations,
          beside.filter(({ when }) => when === 'during'),
        ))
      )
        return await this.stopped();
      if (this.others.size === 0) await this.intact(`verify ${index + 1}`);
      await this.changedByOthers(
        index,
        beside.filter(({ when }) => when === 'after'),
      );
    }
    await this.end();
    if (foreign.length === 0 && this.failures.every(({ kind }) => kind !== 'not as psql'))
      await this.damaged(terms.damages);
    return { state: 'judged', failures: this.failures, damages: this.damages };
  }

  /** A run that did not end well is no failure if psql would not have done it either, with the same changes between. */
  private async stopped(): Promise<Verdict> {
    const broken = this.history.foreign.length > 0 && !(await survives(this.stage, this.history));
    return { state: broken ? 'broken' : 'judged', failures: broken ? [] : this.failures, damages: 0 };
  }

  private async up(run: number, migrations: readonly Migration[], during: readonly Foreign[]): Promise<boolean> {
    const { folder, place } = this.site;
    for (const migration of migrations) {
      const { name, text } = fileOf(migration);
      writeFileSync(join(folder, 'migrations', name), text);
    }
    const [ended] = await Promise.all([deploy(this.project(place)), this.beside(during)]);
    const at = `up ${run}`;
    const complaints = complaintsOf(ended.checks, ended.findings);
    this.taken.push(
      ...ended.findings.flatMap((finding) => (finding.code === 'drift-taken' ? asComplaint(finding) : [])),
    );
    if (![0, 50].includes(ended.exitCode)) {
      const [first] = complaints;
      this.fail('up', at, {
        about: `exit ${ended.exitCode} ${first?.kind ?? ''}`,
        detail: first?.text ?? '',
        ...this.where(first),
      });
      return false;
    }
    const told = this.others.size === 0 ? complaints : complaints.filter((complaint) => !this.isOfOthers(complaint));
    for (const complaint of told) this.complain('up complains', at, complaint);
    if (ended.exitCode !== 0 && told.length === 0 && this.others.size === 0 && !ended.checks.some(isBrokenView))
      this.fail('up', at, { about: `exit ${ended.exitCode}`, detail: '' });
    return true;
  }

  private async beside(during: readonly Foreign[]): Promise<void> {
    if (during.length === 0) return;
    await withClient(this.site.place, async (client) => {
      for (const change of during) {
        await sleep(change.pauseMs);
        await changeAll(client, [change]);
      }
    });
  }

  private async changedByOthers(index: number, changes: readonly Foreign[]): Promise<void> {
    if (changes.length === 0) return;
    const transactions = await withClient(this.site.place, async (client) => await changeAll(client, changes));
    if (transactions.length > 0) this.border = Math.min(this.border, this.site.reference.borders[index] ?? 0);
    for (const xid of transactions) this.others.add(xid);
  }

  /** Nobody else was here: nothing to complain about. */
  private async intact(at: string): Promise<void> {
    const { exitCode, checks, findings } = await verify(this.project(this.site.place));
    const complaints = complaintsOf(checks, findings);
    for (const complaint of complaints) this.complain('false alarm', at, complaint);
    if (exitCode !== 0 && complaints.length === 0 && !checks.some(isBrokenView))
      this.fail('false alarm', at, { about: `exit ${exitCode}`, detail: '' });
  }

  /** Against what the files alone make. */
  private async end(): Promise<void> {
    const list = await this.found(this.site.place);
    if (this.others.size > 0) return await this.compared('verify at the end', this.site.place, list);
    const own = list.filter(({ entry }) => !entry.name.includes('theirs_') && !entry.part.includes('theirs_'));
    for (const one of own)
      this.fail('not as psql', 'the end', { about: `${one.how} ${one.entry.kind}`, detail: differenceText(one) });
  }

  private async damaged(wanted: number): Promise<void> {
    const clone = async (): Promise<Place> => await this.stage.database(this.site.place.name);
    for (const sql of this.history.damages) {
      if (this.damages >= wanted) return;
      const last = this.damages === wanted - 1;
      const place = last ? this.site.place : await clone();
      try {
        const transactions = await withClient(place, async (client) => await changeAll(client, [{ sql }]));
        const list = await this.found(place);
        const whose = { others: new Set(transactions), border: Number.POSITIVE_INFINITY };
        const fails = list.some((one) => weightOf(one, this.site.reference.snapshot, whose) === 'fails');
        // It may have done something that the snapshot does not tell.
        if (!fails && last) return;
        if (!fails) continue;
        this.damages += 1;
        await this.compared(`verify after ${sql}`, place, list, whose);
      } finally {
        if (place !== this.site.place) await place[Symbol.asyncDispose]();
      }
    }
  }

  /** `verify` of a database that differs: all of it is told, and nothing else. */
  private async compared(
    at: string,
    place: Place,
    list: readonly Difference[],
    whose: Whose = { others: this.others, border: this.border },
  ): Promise<void> {
    const { exitCode, checks, findings } = await verify(this.project(place));
    const complaints = complaintsOf(checks, findings);
    const weighed = list.map((one) => ({
      one,
      weight: isTold(one, this.taken) ? 'may be told' : weightOf(one, this.site.reference.snapshot, whose),
    }));
    const having = (...weights: readonly string[]): readonly Difference[] =>
      weighed.filter(({ weight }) => weights.includes(weight)).map(({ one }) => one);
    for (const one of untold(having('fails', 'warns'), complaints))
      this.fail('missed', at, { about: `${one.how} ${one.entry.kind}`, detail: differenceText(one) });
    const explained = having('fails', 'warns', 'may be told');
    // What others dropped or disabled is still told where a migration then states the same: that leaves no trace.
    const [known, unknown] = [true, false].map((isKnown) =>
      unfounded(explained, complaints).filter((complaint) => this.isOfOthers(complaint) === isKnown),
    );
    for (const complaint of unknown ?? []) this.complain('false alarm', at, complaint);
    const isDoubtful = having('may be told').length > 0 || (known ?? []).length > 0;
    const allowed = having('fails').length > 0 ? [50] : isDoubtful ? [0, 50] : [0];
    const text = explained.slice(0, 2).map(differenceText).join('; ');
    if (!allowed.includes(exitCode))
      this.fail('exit code', at, { about: `${exitCode}, not ${allowed.join('/')}`, detail: text });
  }

  private async found(place: Place): Promise<readonly Difference[]> {
    return differences(this.site.reference.snapshot, await withClient(place, takeSnapshot));
  }

  private isOfOthers({ object, text }: Complaint): boolean {
    const last = object.split('.').slice(-2);
    return this.history.foreign.some(({ sql }) => last.some((part) => names(sql, part)) || names(text, 'theirs'));
  }

  private complain(kind: string, at: string, complaint: Complaint): void {
    const { severity, object, text } = complaint;
    this.fail(kind, at, {
      about: `${severity} ${complaint.kind}`,
      detail: `${object}: ${text}`,
      ...this.where(complaint),
    });
  }

  private where(complaint: Complaint | undefined): { readonly statement?: string } {
    const migration = this.history.runs.flat().find((one) => complaint?.file.endsWith(fileOf(one).name));
    return migration === undefined || complaint === undefined
      ? {}
      : { statement: statementAt(migration, complaint.line) };
  }

  private fail(
    kind: string,
    at: string,
    about: Pick<Failure, 'about' | 'detail'> & { readonly statement?: string },
  ): void {
    this.failures.push({ kind, at, statement: '', ...about });
  }

  private project(place: Place): Parameters<typeof deploy>[0] {
    return { cwd: this.site.folder, env: { DATABASE_URL: place.url, HOME: this.site.folder } };
  }
}
