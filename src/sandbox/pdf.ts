import PDFDocument from 'pdfkit';
import { extractText, getDocumentProxy, getMeta } from 'unpdf';

export interface PdfContent {
  readonly text: string;
  readonly metadata: Readonly<Record<string, string | number | null>>;
}

const TITLE_SIZES = [22, 18, 15] as const;

/** The text and metadata of a PDF; rejects when it cannot be read. */
export async function readPdf(bytes: Uint8Array): Promise<PdfContent> {
  const document = await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 });
  try {
    const { text, totalPages } = await extractText(document, { mergePages: false });
    const { info } = await getMeta(document);
    const said = (key: string): string | null => {
      const value: unknown = info[key];
      return typeof value === 'string' ? value : null;
    };
    const metadata = {
      pages: totalPages,
      title: said('Title'),
      author: said('Author'),
      subject: said('Subject'),
      creator: said('Creator'),
      producer: said('Producer'),
      creationDate: said('CreationDate'),
      modificationDate: said('ModDate'),
      encoding: 'utf8',
    };
    return { text: `\n\n${text.join('\n\n')}`, metadata };
  } finally {
    await document.loadingTask.destroy();
  }
}

/** A PDF of simple Markdown: headings, lists, numbered lists, code fences. The token goes into its keywords. */
export function makePdf(
  markdown: string,
  token: object,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Buffer> {
  const keywords = [metadata.keywords, JSON.stringify(token)].filter((word) => word !== undefined).join(', ');
  const info = {
    Title: metadata.title ?? 'Sanitized Document',
    Author: metadata.author ?? 'MCP Security',
    Subject: metadata.subject ?? 'Sanitized content',
    Keywords: keywords,
  };
  const document = new PDFDocument({ info, margin: 50 });
  const chunks: Buffer[] = [];
  document.on('data', (chunk: Buffer) => chunks.push(chunk));
  const done = new Promise<Buffer>((resolve, reject) => {
    document.on('end', () => resolve(Buffer.concat(chunks)));
    document.on('error', reject);
  });
  let inCode = false;
  for (const line of markdown.split('\n')) {
    if (line.startsWith('```')) inCode = !inCode;
    else drawLine(document, line, inCode);
  }
  document.end();
  return done;
}

function drawLine(document: PDFKit.PDFDocument, line: string, inCode: boolean): void {
  const heading = inCode ? null : /^(#{1,3}) (.*)$/.exec(line);
  const item = inCode ? null : /^[-*] (.*)$/.exec(line);
  document.font(inCode ? 'Courier' : heading ? 'Helvetica-Bold' : 'Helvetica');
  document.fontSize(heading ? (TITLE_SIZES[(heading[1]?.length ?? 1) - 1] ?? 12) : inCode ? 10 : 12);
  if (line === '') document.moveDown(0.5);
  else document.text(heading?.[2] ?? (item ? `• ${item[1] ?? ''}` : line));
}
