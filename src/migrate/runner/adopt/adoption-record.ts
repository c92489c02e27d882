/** A migration that is recorded: `adopted` by proof, `baseline` without; `squashed` in place of applied ones. */
export interface AdoptionRecord {
  readonly id: string;
  readonly kind: 'adopted' | 'baseline' | 'squashed';
}
