import { html, useState } from '../app/preact.js';
import { post, saveFile } from '../app/api.js';
import { now } from '../app/clock.js';
import { Field, FormDialog, useForm } from '../app/form.js';
import { DAY_LENGTH } from '../app/format.js';
import { announce } from '../app/ui.js';

const YEAR = 365;

/** Activates a device that has no network, and downloads the file for its app. */
export function CreateLicenseFile({ license, onClose, onCreated }) {
  const [problem, setProblem] = useState(null);
  const form = useForm({ licenseKey: null, productId: null, fingerprint: '', deviceName: '', days: String(YEAR) }, async values => {
    const { licenseKey, productId, fingerprint, deviceName, days } = values;
    const file = await post(`api/licenses/${license.id}/files`, {
      licenseKey, productId, fingerprint, deviceName: deviceName.trim() || null, validUntil: new Date(now() + days * DAY_LENGTH).toISOString(),
    });
    saveFile('lease.json', new Blob([JSON.stringify(file)], { type: 'application/json' }));
    announce('License file created', 'good');
    onCreated();
    onClose();
  }, values => ({
    fingerprint: values.fingerprint ? '' : 'Enter the fingerprint that your app shows',
    days: /^\d+$/.test(values.days) && values.days >= 1 && values.days <= 3650 ? '' : 'Enter a number of days from 1 to 3650',
  }));
  const read = async event => {
    try {
      const { licenseKey = null, productId = null, fingerprint, deviceName = '' } = JSON.parse(await event.target.files[0].text());
      form.set('licenseKey', licenseKey);
      form.set('productId', productId);
      form.set('fingerprint', String(fingerprint ?? ''));
      form.set('deviceName', String(deviceName ?? ''));
      setProblem(null);
    } catch {
      setProblem('This is not a request file. Enter the fingerprint instead.');
    }
  };
  return html`<${FormDialog} form=${form} title="Create license file" action="Create and download" onClose=${onClose}>
    <p>For a device without a network. It is activated as by a validation, and its app may run until the file ends.</p>
    <div class="field"><label for="request-file">Request file of the device <span class="faint">optional</span></label>
      <input id="request-file" type="file" accept=".json,application/json" onChange=${read} />
      ${problem && html`<p class="field-error" role="alert">${problem}</p>`}</div>
    <${Field} form=${form} name="fingerprint" label="Device fingerprint" spellcheck=${false} class="mono" maxlength="500" />
    <${Field} form=${form} name="deviceName" label="Device name" optional maxlength="200" />
    <${Field} form=${form} name="days" label="Valid for how many days" inputmode="numeric"
      hint="Not longer than the license. Disabling the license does not reach the device before." />
  </${FormDialog}>`;
}
