import { entries } from './entry.ts';

/** Container images and the registries that hold them. */
export const imageFaults = entries({
  'image-reference': {
    title: 'The name of a container image is malformed',
    why: 'An image name has the form HOST/REPOSITORY:TAG or HOST/REPOSITORY@sha256:DIGEST.',
    fix: 'Correct the name under `image` in the configuration, for example `docker.io/library/node:22-slim`.',
    exit: 2,
  },
  'image-missing': {
    title: 'The container image does not exist',
    why: 'The registry has no image with this name, or hides it from your account.',
    fix: 'Check the name under `image` in the configuration, and that the image was pushed.',
    exit: 10,
  },
  'image-platform': {
    title: 'The container image does not support this platform',
    why: 'Jobs run on linux/amd64. An image built on an ARM laptop would fail there with `exec format error`.',
    fix: 'Build it with `--platform linux/amd64`, or name an image that supports this platform.',
    exit: 10,
  },
  'image-damaged': {
    title: 'The registry sent something other than the requested image',
    why: 'The SHA-256 of the bytes does not match their digest, or godwit cannot read them as an image.',
    fix: 'Run the command again. If the fault persists, the registry or a proxy alters images: ask its administrator.',
    retryable: true,
    exit: 10,
  },
  'image-without-node': {
    title: 'The container image lacks a Node that can run godwit',
    why: 'The runner needs Node 20.19 or newer. The image contains neither that nor the C library that the base image’s Node needs.',
    fix: 'Add Node to the image, name its path under `image.node`, or omit `image.own`.',
    exit: 10,
  },
  'registry-denied': {
    title: 'The registry denies access',
    why: 'Your account may not read the image, or may not write to the repository.',
    fix: 'Grant the account roles/artifactregistry.writer on the repository, or log in to the registry.',
    exit: 10,
  },
  'registry-no-repository': {
    title: 'The repository for images does not exist',
    why: 'Godwit keeps its images in a Docker repository of Artifact Registry, which must already exist.',
    fix: 'Create it: `gcloud artifacts repositories create godwit --repository-format=docker --location=REGION`.',
    exit: 10,
  },
  'registry-refused': {
    title: 'The registry refused a request',
    why: 'The registry understood the request but rejected it.',
    fix: 'See the registry’s answer above. If it does not mention a limit or a policy, please report a bug.',
    exit: 10,
  },
  'registry-unreachable': {
    title: 'The registry cannot be reached',
    why: 'The registry did not answer, dropped the connection repeatedly, or reported that it is overloaded.',
    fix: 'Check the name of the registry and the network path to it, then run the command again. Behind a proxy, set HTTPS_PROXY.',
    retryable: true,
    exit: 30,
  },
});
