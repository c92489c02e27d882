/** A promise that is fulfilled from outside. */
export interface Deferred {
  readonly promise: Promise<void>;
  readonly fulfil: () => void;
}

export function deferred(): Deferred {
  let fulfil: () => void = () => {};
  const promise = new Promise<void>((resolve) => {
    fulfil = resolve;
  });
  return { promise, fulfil };
}
