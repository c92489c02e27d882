import { shown } from '../migrate/contract/command-text.ts';
import type { Prepared } from '../migrate/contract/engine.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import { isChange, type Task } from '../migrate/contract/task.ts';
import type { Attendance, ConsentQuestion, Note, Ui } from '../operations/ui.ts';
import type { Project } from '../project/open.ts';
import type { Context } from './command.ts';
import { bindCtrlC } from './ctrl-c.ts';
import { ageText } from './known.ts';
import { progressOn } from './progress.ts';
import { duration } from './screen/format.ts';
import { runsIn } from './runs-in.ts';
import { planLines } from './screen/plan.ts';
import { statementSource } from './statement-source.ts';

/** Adapts the terminal to the `Ui` that operations use. */
export function uiOf(context: Context): Ui {
  const { io, screen } = context;
  return {
    onEvent: (event) => screen.event(event),
    onWait: (event) => {
      if (!screen.json) screen.event(event);
    },
    onFinding: context.tell,
    onNote: noteOn(context),
    ...(io.interactive && !screen.json ? { confirm: async (question) => await ask(context, question) } : {}),
    attend: (project, task) => attend(context, project, task),
  };
}

function noteOn(context: Context): (note: Note) => void {
  const { screen } = context;
  const preparing = progressOn(context);
  return (note) => {
    switch (note.kind) {
      case 'opened':
        screen.excerptsFrom(note.project.root);
        screen.knowRuns(() => runsIn(note.project.stateDir));
        return;
      case 'reached': {
        const { target, place, note: server, bundle } = note.wired;
        screen.statementsFrom(statementSource(bundle));
        screen.settle();
        if (target === undefined) screen.place(note.project.environment.name, place);
        else screen.target(note.project.environment.name, target, server);
        return;
      }
      case 'far-away':
        screen.place(note.project.environment.name, note.place);
        return;
      case 'preparing':
        if (note.step === 'rehearsal') screen.passing(note.text);
        else preparing(note.text, note.step);
        return;
      case 'progress':
        screen.live(note.text);
        return;
      case 'settled':
        screen.settle();
        return;
      case 'known': {
        const target = note.known.events.findLast((event) => event.kind === 'target');
        if (target !== undefined) screen.target(note.project.environment.name, target);
        screen.say(screen.style.dim(`  ${ageText(note.known, Date.now())}; --fresh queries the database`));
        return;
      }
      case 'plan':
        screen.say(...planLines(note.plan, screen.style));
        return;
      case 'hook-passed':
        screen.say(screen.style.dim(`  Hook ${note.hook} has already passed with these migrations.`));
        return;
    }
  };
}

/** Asks a person. */
async function ask({ io, screen }: Context, question: ConsentQuestion): Promise<boolean> {
  switch (question.kind) {
    case 'change': {
      const answer = await io.ask(`\n${question.environment} is protected. Type its name to continue: `);
      return answer?.trim() === question.environment;
    }
    case 'command': {
      const { environment, words } = question;
      const answer = await io.ask(
        `\n${environment} is protected. Type its name to execute \`${shown(words)}\` there: `,
      );
      return answer?.trim() === environment;
    }
    case 'rows': {
      const { findings } = question;
      screen.settle();
      screen.say(
        '',
        `${screen.style.magenta('!')} This run destroys rows:`,
        ...findings.flatMap(({ why, where }) => [`    ${where?.file ?? ''}:${where?.line ?? 1}`, `      ${why}`]),
      );
      const answer = await io.ask(`\nType yes to destroy ${findings.length === 1 ? 'it' : 'them'}: `);
      return answer?.trim().toLowerCase() === 'yes';
    }
  }
}

/** Binds Ctrl-C if the task changes something. For a remote task, also shows the steps before the runner reports. */
function attend(context: Context, project: Project, { kind }: Task): Attendance {
  const leaving = new AbortController();
  const remote = project.remote !== undefined;
  const unbind = isChange(kind) ? bindCtrlC(context, kind, remote ? leaving : undefined) : () => {};
  return { ...(remote ? stepsOf(context) : {}), leave: leaving.signal, end: unbind };
}

/** Shows each step until a remote runner works, which takes a while, and the time since the start. */
function stepsOf({ screen }: Context): Pick<Attendance, 'onStep' | 'onEvent'> {
  const began = performance.now();
  let version = '';
  const after = (): string => duration(performance.now() - began);
  screen.live('checking the image, the secret, the network and the account');
  return {
    onStep: (step: string, { secretVersion }: Prepared) => {
      version = secretVersion ?? '';
      screen.passing(step);
    },
    onEvent: (event: RunEvent) => {
      if (event.kind === 'run.started') screen.live('the runner connects');
      if (event.kind === 'target') {
        screen.passing(`connected to the database, after ${after()}`);
        screen.target(event.environment, event, version === '' ? undefined : `secret version ${version}`);
      }
    },
  };
}
