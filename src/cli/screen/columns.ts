import type { Io } from '../io.ts';

/** The width of the terminal; a terminal that does not know its own width says 0. */
export function columnsOf(io: Pick<Io, 'columns'>): number {
  const columns = io.columns();
  return columns > 0 ? columns : 80;
}

/** The width of help: readable on a wide terminal, and the same in every pipe. */
export function helpColumns(io: Io): number {
  return (io.outTerminal ?? io.terminal) ? Math.min(100, columnsOf(io)) : 80;
}
