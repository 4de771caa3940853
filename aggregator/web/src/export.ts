// export.ts - a table as a file: CSV (commas, stable names, figures as the API has them) and XLSX (an uncompressed zip of six
// parts, numbers as numbers up to 15 digits, longer ones as text, as rekap's own reports). Loaded when somebody asks for a file.
//
// Text that a spreadsheet would run as a formula gets an apostrophe: names come from offices.
export interface Sheet {
  name: string;
  columns: { key: string; number: boolean }[];
  rows: (string | null)[][];
}

const isNumber = (v: string) => /^-?\d+(\.\d+)?$/.test(v);
const harmless = (v: string) => (/^[=+\-@\t\r]/.test(v) && !isNumber(v) ? `'${v}` : v);

export function csv(s: Sheet): Blob {
  const cell = (v: string | null) => {
    const x = harmless(v ?? '');
    return /[",\n\r]/.test(x) ? `"${x.replaceAll('"', '""')}"` : x;
  };
  const lines = [s.columns.map(c => c.key), ...s.rows].map(r => r.map(cell).join(','));
  return new Blob(['\ufeff' + lines.join('\r\n') + '\r\n'], { type: 'text/csv;charset=utf-8' });
}

const xml = (v: string) =>
  v
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006/';

function column(i: number): string {
  return i < 26 ? String.fromCharCode(65 + i) : column(Math.floor(i / 26) - 1) + column(i % 26);
}
function sheetXml(s: Sheet): string {
  const text = (v: string, at: string, style: number) =>
    `<c r="${at}" t="inlineStr" s="${style}"><is><t xml:space="preserve">${xml(v)}</t></is></c>`;
  const rows = [s.columns.map(c => c.key), ...s.rows].map((r, y) => {
    const cells = r.map((v, x) => {
      const at = column(x) + (y + 1);
      if (v === null || v === '') return '';
      if (y > 0 && s.columns[x]!.number && isNumber(v) && v.replace(/\D/g, '').length <= 15)
        return `<c r="${at}" s="2"><v>${v}</v></c>`;
      return text(v, at, y === 0 ? 1 : 0);
    });
    return `<row r="${y + 1}">${cells.join('')}</row>`;
  });
  return `${HEAD}<worksheet xmlns="${MAIN}"><sheetData>${rows.join('')}</sheetData></worksheet>`;
}
function parts(s: Sheet): [string, string][] {
  return [
    [
      '[Content_Types].xml',
      `${HEAD}<Types xmlns="${PACKAGE}content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
        '<Default Extension="xml" ContentType="application/xml"/>' +
        ['workbook:sheet.main', 'worksheets/sheet1:worksheet', 'styles:styles']
          .map(p => {
            const [f, k] = p.split(':');
            return `<Override PartName="/xl/${f}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.${k}+xml"/>`;
          })
          .join('') +
        '</Types>',
    ],
    [
      '_rels/.rels',
      `${HEAD}<Relationships xmlns="${PACKAGE}relationships"><Relationship Id="r1" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    ],
    [
      'xl/workbook.xml',
      `${HEAD}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets><sheet name="${xml(s.name.replace(/[\\/?*[\]:]/g, ' ').slice(0, 31))}" sheetId="1" r:id="r1"/></sheets></workbook>`,
    ],
    [
      'xl/_rels/workbook.xml.rels',
      `${HEAD}<Relationships xmlns="${PACKAGE}relationships"><Relationship Id="r1" Type="${OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>` +
        `<Relationship Id="r2" Type="${OFFICE}/styles" Target="styles.xml"/></Relationships>`,
    ],
    [
      'xl/styles.xml',
      `${HEAD}<styleSheet xmlns="${MAIN}"><fonts count="2"><font/><font><b/></font></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>` +
        '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/><xf fontId="1" applyFont="1"/><xf numFmtId="4" applyNumberFormat="1"/></cellXfs></styleSheet>',
    ],
    ['xl/worksheets/sheet1.xml', sheetXml(s)],
  ];
}

function crc32(b: Uint8Array): number {
  let c = ~0;
  for (const byte of b) {
    c ^= byte;
    for (let k = 0; k < 8; k++) c = (c >>> 1) ^ (0xedb88320 & -(c & 1));
  }
  return ~c >>> 0;
}
const DOS_DATE = 0x21; // 1 January 1980: the same table gives the same file

export function xlsx(s: Sheet): Blob {
  const files: BlobPart[] = [],
    directory: BlobPart[] = [];
  const enc = new TextEncoder();
  let at = 0,
    listed = 0,
    n = 0;
  for (const [name, text] of parts(s)) {
    const path = enc.encode(name),
      body = enc.encode(text),
      crc = crc32(body);
    const common = (v: DataView, o: number) => {
      v.setUint16(o, 20, true);
      v.setUint16(o + 2, 0x800, true);
      v.setUint16(o + 8, DOS_DATE, true);
      v.setUint32(o + 10, crc, true);
      v.setUint32(o + 14, body.length, true);
      v.setUint32(o + 18, body.length, true);
      v.setUint16(o + 22, path.length, true);
    };
    const local = new DataView(new ArrayBuffer(30)),
      central = new DataView(new ArrayBuffer(46));
    local.setUint32(0, 0x04034b50, true);
    common(local, 4);
    central.setUint32(0, 0x02014b50, true);
    central.setUint16(4, 20, true);
    common(central, 6);
    central.setUint32(42, at, true);
    files.push(local.buffer, path, body);
    directory.push(central.buffer, path);
    at += 30 + path.length + body.length;
    listed += 46 + path.length;
    n++;
  }
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, n, true);
  end.setUint16(10, n, true);
  end.setUint32(12, listed, true);
  end.setUint32(16, at, true);
  return new Blob([...files, ...directory, end.buffer], {
    type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  });
}

export function save(blob: Blob, name: string): void {
  const a = document.createElement('a');
  a.href = URL.createObjectURL(blob);
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
}
