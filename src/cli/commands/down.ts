import type { Run } from '../command.ts';
import { change } from '../change.ts';

/** `godwit down` */
export const down: Run = async (context) => await change(context, 'down');
