/** What goes wrong with one request. */
export type RegistryFault =
  /** Answers with this status, without doing anything. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string; readonly code?: string }
  /** The connection is cut before anything is done. */
  | { readonly kind: 'lost' }
  /** The work is done, but the connection is cut before the answer. */
  | { readonly kind: 'answer-lost' }
  /** The connection is cut once this many bytes of the request's body have arrived and been stored. */
  | { readonly kind: 'cut'; readonly after: number }
  /** The answer's body ends after half of its bytes. */
  | { readonly kind: 'half' }
  /** One byte of the answer's body is changed. */
  | { readonly kind: 'corrupt' }
  /** The body is at another address. */
  | { readonly kind: 'redirect'; readonly to: string };

/** Which requests a fault hits; omitted fields match all. */
export interface RegistryFaultPlan {
  readonly fault: RegistryFault;
  readonly method?: string;
  /** Matched against the path with its query: `/v2/team/app/blobs/uploads/?mount=…`. */
  readonly path?: RegExp;
  /** How many requests it hits; by default 1. */
  readonly times?: number;
  /** How many matching requests pass first. */
  readonly after?: number;
}

/** The planned faults, and their uses. */
export interface RegistryFaults {
  add(plan: RegistryFaultPlan): void;
  clear(): void;
  /** The fault that hits this request; each call counts as a use. */
  take(method: string, path: string): RegistryFault | undefined;
}

export function createFaults(): RegistryFaults {
  let planned: { readonly plan: RegistryFaultPlan; left: number; pass: number }[] = [];
  return {
    add(plan) {
      planned.push({ plan, left: plan.times ?? 1, pass: plan.after ?? 0 });
    },
    clear() {
      planned = [];
    },
    take(method, path) {
      for (const one of planned) {
        const { plan } = one;
        if (plan.method !== undefined && plan.method !== method) continue;
        if (plan.path !== undefined && !plan.path.test(path)) continue;
        if (one.pass > 0) {
          one.pass -= 1;
          continue;
        }
        if (one.left <= 0) continue;
        one.left -= 1;
        return plan.fault;
      }
      return undefined;
    },
  };
}
