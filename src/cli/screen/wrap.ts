import { textWidth } from './text-width.ts';

/**
 * Breaks a line at words so that it fits into `width` columns. The lines that follow are indented below the text of the
 * first. Never breaks a word, a command in backticks, or a command on a line of its own: each can be copied.
 */
export function wrapped(line: string, width: number): readonly string[] {
  if (textWidth(line) <= width) return [line];
  const [, margin = '', symbol = '', text = ''] = lineParts.exec(line) ?? [];
  if (margin === '' || !isCommand(text)) return filled(margin + symbol, text, width);
  const end = text.search(/ {2,}|$/);
  const more = text.slice(end).trimStart();
  return [`${margin}${text.slice(0, end)}`, ...(more === '' ? [] : filled(`${margin}    `, more, width))];
}

/** Breaks a text at words; what precedes it on its first line is an indent on the lines that follow. */
export function filled(before: string, text: string, width: number): readonly string[] {
  const indent = textWidth(before);
  const hang = ' '.repeat(indent > width / 2 ? 4 : indent);
  const lines: string[] = [];
  let shown = before;
  let empty = true;
  for (const [, gap = '', word = ''] of text.matchAll(words)) {
    if (empty || textWidth(shown) + gap.length + textWidth(word) <= width) shown += (empty ? '' : gap) + word;
    else {
      lines.push(shown.trimEnd());
      shown = hang + word;
    }
    empty = false;
  }
  return [...lines, shown];
}

const colour = String.raw`(?:\u001b\[[0-9;]*m)*`;
const lineParts = new RegExp(String.raw`^(${colour} *)(${colour}[→✔✘!•·↩▲…i?~+-]${colour} +)?(.*)$`, 's');
/** A gap, and a word; what is in backticks is one word. */
const words = /( *)((?:`[^`\n]*`|[^ `]|`)+)/g;

const command = new RegExp(
  String.raw`^${colour}(?:\$ |export |DATABASE_URL=|(?:npx )?godwit |gcloud |npm |git |psql |pg_|docker |https?:)`,
);

/** A command or an address. A sentence can begin with the name of a program, and ends with a full stop. */
function isCommand(text: string): boolean {
  return command.test(text) && !/\. |[.:]$/.test(text);
}
