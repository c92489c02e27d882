import type { Iam } from '../core/iam.ts';
import { someone } from '../core/iam.ts';
import type { Access, Caller, RegistryAccess } from './access.ts';

const permissions: Readonly<Record<Exclude<Access['action'], 'pull'>, string>> = {
  push: 'artifactregistry.repositories.uploadArtifacts',
  delete: 'artifactregistry.repositories.deleteArtifacts',
};

/**
 * Decides by the emulator's IAM model who may write into the registry. Documentation: the permissions, and that an
 * access token is accepted as Bearer, or as the password of `oauth2accesstoken`. Assumed: everybody may pull, because
 * the platform pulls through its own agent; and a registry does not know the location of a repository.
 */
export function iamAccess(iam: () => Iam | undefined): RegistryAccess {
  return {
    scheme: 'bearer',
    allows(caller, { repository, action }) {
      const model = iam();
      if (action === 'pull' || model === undefined) return true;
      const principal = principalOf(model, caller);
      const [project = '', name = ''] = repository.split('/');
      const resource = `projects/${project}/locations/-/repositories/${name}`;
      return principal !== undefined && model.may(principal, { permission: permissions[action], resource });
    },
  };
}

function principalOf(iam: Iam, caller: Caller): string | undefined {
  if (caller.kind === 'anonymous') return iam.open ? someone : undefined;
  try {
    return iam.principalOf(`Bearer ${caller.kind === 'bearer' ? caller.token : caller.password}`);
  } catch {
    return undefined;
  }
}
