import { FaultError } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';

/**
 * Turns thrown faults into an outcome: inside this folder faults are thrown, because the work consists of many small
 * steps.
 */
export async function catchFaults<T>(work: () => Promise<T>): Promise<Outcome<T>> {
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

/** The value of an outcome. @throws FaultError with its findings when the outcome has no value. */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new FaultError(...outcome.findings);
}
