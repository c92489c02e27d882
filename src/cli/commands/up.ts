import type { Run } from '../command.ts';
import { change } from '../change.ts';

/** `godwit up` */
export const up: Run = async (context) => await change(context, 'up');
