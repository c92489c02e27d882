import type { Checkpoint } from '../../migrate/contract/checkpoint.ts';
import { localTime } from './local-time.ts';
import type { Style } from './style.ts';
import type { Line } from './table.ts';

/** Describes a checkpoint that was taken: what it is, how to restore it, what that would undo. */
export function checkpointLines(checkpoint: Checkpoint, style: Style): readonly Line[] {
  const { means: method, id, takenAt, bytes, restore, undoes, kept } = checkpoint;
  const size = bytes === undefined ? '' : `, ${sizeText(bytes)}`;
  return [
    `  ${style.green('✔')} checkpoint: ${words[method]}${size} ${style.dim(`· ${id}, as of ${localTime(takenAt)}, kept ${kept}`)}`,
    style.dim('    to restore:'),
    { unbroken: style.dim(`      ${restore}`) },
    style.dim(`    this undoes ${undoes}; try the down file first`),
  ];
}

const words: Readonly<Record<Checkpoint['means'], string>> = {
  copy: 'copy of the data directory',
  dump: 'dump',
  'point-in-time': 'point in time',
  backup: 'backup',
};

/** A size for people: `12 MB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.max(1, Math.round(bytes / 1_000))} kB`;
  return bytes < 1_000_000_000 ? `${Math.round(bytes / 1_000_000)} MB` : `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}
