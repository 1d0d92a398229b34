/** One file of a multipart/form-data body. */
export interface UploadedFile {
  /** Name of the form's field. */
  readonly field: string;
  /** Media type as the client named it. */
  readonly type: string;
  readonly bytes: Buffer;
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** The files of a multipart/form-data body (RFC 7578), without its plain fields; null when it is malformed. */
export function parseFiles(body: Buffer, contentType: string): readonly UploadedFile[] | null {
  const boundary = /boundary="?([^";]{1,70})"?/i.exec(contentType)?.[1];
  if (boundary === undefined) return null;
  const mark = Buffer.from(`--${boundary}`);
  const files: UploadedFile[] = [];
  let at = body.indexOf(mark);
  while (at !== -1) {
    const start = at + mark.length;
    if (body.subarray(start, start + 2).toString('latin1') === '--') return files;
    const end = body.indexOf(Buffer.concat([Buffer.from('\r\n'), mark]), start);
    const headEnd = body.indexOf(HEAD_END, start);
    if (end === -1 || headEnd === -1 || headEnd > end) return null;
    const head = body.subarray(start, headEnd).toString('latin1');
    const file = fileOf(head, body.subarray(headEnd + HEAD_END.length, end));
    if (file) files.push(file);
    at = end + 2;
  }
  return null;
}

function fileOf(head: string, bytes: Buffer): UploadedFile | null {
  const disposition = /^content-disposition:(.*)$/im.exec(head)?.[1] ?? '';
  if (!/filename="/i.test(disposition)) return null;
  const field = /[; ]name="([^"]*)"/i.exec(disposition)?.[1] ?? '';
  const type = /^content-type:\s*([^\r\n;]*)/im.exec(head)?.[1]?.trim() ?? 'application/octet-stream';
  return { field, type, bytes };
}
