import type { RunEvent } from '../../migrate/contract/event.ts';
import type { Member } from '../../operations/fleet/members.ts';
import type { Screen } from '../screen/screen-port.ts';
import { waitWords } from '../screen/wait-lines.ts';

/** Tells what is waited for: the databases at work, and which of them another session holds up. */
export interface AtWork {
  onEvent(member: Member, event: RunEvent): void;
  onEnd(member: Member): void;
}

/** @param total how many databases there are */
export function createAtWork(screen: Screen, total: number): AtWork {
  const atWork = new Set<Member>();
  const told = new Set<string>();
  let ended = 0;
  const show = (): void => {
    const [first, ...more] = [...atWork].map(({ name }) => name);
    const counter = `${ended} of ${total}`;
    if (first === undefined) return screen.live({ counter, name: 'databases' });
    const others = more.length === 0 ? '' : ` and ${more.length} more`;
    screen.live({ counter, name: `${first}${others}` });
  };
  const tell = (member: Member, who: string, words: string): void => {
    const key = JSON.stringify([member.name, who]);
    if (told.has(key)) return;
    told.add(key);
    screen.say(screen.style.magenta(`  ${member.name}: ${words}`));
    show();
  };
  return {
    onEvent(member, event) {
      if (event.kind === 'run.started') {
        atWork.add(member);
        show();
      } else if (event.kind === 'waiting')
        tell(member, event.holder, `another run holds it: ${event.holder}. Waiting …`);
      else if (event.kind === 'lock.blocked' || event.kind === 'lock.retry')
        tell(member, event.blockers.map(({ pid }) => pid).join(' '), waitWords(event));
    },
    onEnd(member) {
      atWork.delete(member);
      ended += 1;
      show();
    },
  };
}
