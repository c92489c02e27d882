import type { Place } from '../../kit/finding.ts';

/** A name as written: `schema` is null where the text names none and no SET search_path before it tells. */
export interface QualifiedName {
  readonly schema: string | null;
  readonly name: string;
}

/** What one statement does to an object or a row. Folded over migrations, effects become what verification expects. */
export type Effect = {
  readonly op: 'opaque';
  readonly where: Place;
};
