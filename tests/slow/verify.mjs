// What others make of our signed documents: packages of another maker (Digital Bazaar), which share no line with ours.
//
// Reads from its standard input {packages, base, server, contexts: {address: file}, cases, sign} and writes what it found.
// cases: [{name, credential, now?, schemas?: [file]}] gives [{name, verified, revoked, error, unfit}]; `credential` is a
// document, or the address of one. sign: {document, seed, controller, created, times} gives {signed, seconds}, seconds of
// the processor for one signature.
// Everything is fetched from `server`, which stands for the host of `base`; no other address is ever opened.
import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';
import {readFileSync} from 'node:fs';

const wanted = JSON.parse(readFileSync(0, 'utf8'));
const require = createRequire(`${wanted.packages}/package.json`);
const bring = name => import(pathToFileURL(require.resolve(name)));
const vc = await bring('@digitalbazaar/vc');
const Ed25519Multikey = await bring('@digitalbazaar/ed25519-multikey');
const {DataIntegrityProof} = await bring('@digitalbazaar/data-integrity');
const {cryptosuite} = await bring('@digitalbazaar/eddsa-rdfc-2022-cryptosuite');
const {checkStatus} = await bring('@digitalbazaar/vc-bitstring-status-list');
const {default: signatures} = await bring('jsonld-signatures');

const contexts = Object.fromEntries(
  Object.entries(wanted.contexts).map(([address, file]) => [address, JSON.parse(readFileSync(file, 'utf8'))]));

async function served(address) {
  if(!address.startsWith(`${wanted.base}/`)) {
    throw new Error(`not ours: ${address}`);
  }
  const answer = await fetch(wanted.server + address.slice(wanted.base.length), {headers: {accept: 'application/json'}});
  if(answer.status !== 200) {
    throw new Error(`${address}: ${answer.status}`);
  }
  return answer.json();
}

// The address of a did:web, as its specification says.
function addressOf(did) {
  const [host, ...path] = did.slice('did:web:'.length).split(':').map(decodeURIComponent);
  return `https://${host}/${path.length ? path.join('/') : '.well-known'}/did.json`;
}

async function resolved(url) {
  const [did, fragment] = url.split('#');
  const document = await served(addressOf(did));
  if(fragment === undefined) {
    return document;
  }
  const method = document.verificationMethod.find(each => each.id === url);
  if(method === undefined) {
    throw new Error(`no such key: ${url}`);
  }
  return {'@context': 'https://w3id.org/security/multikey/v1', ...method};
}

const documentLoader = signatures.extendContextLoader(async url => ({
  contextUrl: null, documentUrl: url, tag: 'static',
  document: contexts[url] ?? await (url.startsWith('did:web:') ? resolved(url) : served(url))
}));

function words(error) {
  return error ? [error.message, ...(error.errors ?? []).map(each => each.message)].join('; ') : '';
}

const schemas = new Map();
async function unfit(document, files) {
  const found = [];
  for(const file of files) {
    if(!schemas.has(file)) {
      const {default: Ajv} = await bring('ajv/dist/2019.js');
      const {default: formats} = await bring('ajv-formats');
      const ajv = new Ajv({strict: false, allErrors: true});
      formats(ajv);
      schemas.set(file, ajv.compile(JSON.parse(readFileSync(file, 'utf8'))));
    }
    const fits = schemas.get(file);
    if(!fits(document)) {
      found.push(...fits.errors.map(each => `${each.instancePath} ${each.message}`));
    }
  }
  return found;
}

async function check({name, credential, now, schemas = []}) {
  try {
    const document = typeof credential === 'string' ? await served(credential) : credential;
    const {verified, statusResult: status, error} = await vc.verifyCredential({
      credential: document, suite: new DataIntegrityProof({cryptosuite}), documentLoader,
      ...(document.credentialStatus ? {checkStatus} : {}), ...(now ? {now} : {})});
    return {
      name, verified, revoked: status?.results?.some(each => each.status) ?? null,
      error: [words(error), words(status?.error)].filter(Boolean).join('; '), unfit: await unfit(document, schemas)};
  } catch(error) {
    return {name, verified: false, revoked: null, error: words(error), unfit: []};
  }
}

async function sign({document, seed, controller, created, times = 1}) {
  const key = await Ed25519Multikey.generate({controller, seed: Uint8Array.from(Buffer.from(seed, 'hex'))});
  const suite = () => new DataIntegrityProof({signer: key.signer(), cryptosuite, date: created});
  const one = () => vc.issue({credential: structuredClone(document), suite: suite(), documentLoader});
  const signed = await one();
  const start = process.cpuUsage();
  for(let n = 0; n < times; n++) {
    await one();
  }
  const {user, system} = process.cpuUsage(start);
  return {signed, seconds: (user + system) / 1e6 / times};
}

const answers = [];
for(const each of wanted.cases ?? []) {
  answers.push(await check(each));
}
process.stdout.write(JSON.stringify({cases: answers, sign: wanted.sign ? await sign(wanted.sign) : null}));
