import { FaultError } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';

/** Inside of this folder faults are thrown, across many small steps; here they become an outcome again. */
export async function outcomeOf<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return ok(await work());
  } catch (error) {
    if (isFaultError(error)) return err(...error.findings);
    throw error;
  }
}

export function isFaultError(error: unknown): error is FaultError {
  return error instanceof FaultError;
}

/** The value of an outcome. @throws FaultError with its findings when it has none. */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new FaultError(...outcome.findings);
}
