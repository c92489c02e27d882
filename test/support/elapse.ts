/**
 * Waits for a fixed time, for tests that are about time and have no state to wait for: a server must have had the time
 * to notice, or a second signal must not count as the first. If there is a state to wait for, use `until`.
 */
export async function elapse(ms: number, why: string): Promise<void> {
  if (why === '') throw new Error('what is this time for?');
  await new Promise((resolve) => setTimeout(resolve, ms));
}
