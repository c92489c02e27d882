import type { Finding } from '../../kit/finding.ts';
import type { RunEvent } from '../../migrate/contract/event.ts';
import type { Member } from './members.ts';

/** A command in backticks that works on a database: typed as it stands, it would work on the environment's own. */
const command = /`godwit (?!(?:new|check|explain|init|completion|demo|squash)\b)([^`]+)`/g;

/** `up`, `status` and `verify` without options take the list as well. */
const takesList = /^(?:up|status|verify)$/;

/** The sentence with a command for databases that godwit keeps itself: it would drop those of all tenants. */
const ownServer = /(?:^|(?<=\. ))[^.]*`godwit db [^`]*`[^.]*(?:\.(?: |$)|$)/g;

/**
 * Texts of findings of one of many databases. A command that they name means the environment's own database when it is
 * typed; it loses the form that can be copied, and the text says where to run it.
 */
export function findingOf({ name }: Pick<Member, 'name'>, finding: Finding): Finding {
  const fix = finding.fix.replaceAll(ownServer, '').trim();
  const named = [...fix.matchAll(command)].map(([, text = '']) => text);
  const alone = named.some((text) => !takesList.test(text));
  const where = `Run it on ${name} alone: see “One tenant alone” in docs/fleet.md.`;
  return {
    ...finding,
    why: uncopied(finding.why),
    fix: [uncopied(fix), ...(alone ? [where] : [])].filter((text) => text !== '').join(' '),
  };
}

/** The same for an event that holds a finding. */
export function eventOfMember(member: Pick<Member, 'name'>, event: RunEvent): RunEvent {
  return event.kind === 'finding' ? { ...event, finding: findingOf(member, event.finding) } : event;
}

function uncopied(text: string): string {
  return text.replaceAll(command, '`$1`');
}
