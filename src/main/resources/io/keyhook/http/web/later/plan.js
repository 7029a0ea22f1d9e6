import { html } from '../app/preact.js';
import { get, getPublic } from '../app/api.js';
import { number, planName, plural } from '../app/format.js';
import { Icon } from '../app/icons.js';
import { Badge, Card, Loaded, Meter, PageHead } from '../app/ui.js';
import { useLoad } from '../app/use.js';

export function PlanPage() {
  const loaded = useLoad(async signal => {
    const [account, plans] = await Promise.all([get('api/account', {}, signal), getPublic('api/plans')]);
    return { account, plans: plans.data };
  }, []);
  return html`<${PageHead} title="Plan" />
    <${Loaded} of=${loaded}>${({ account, plans }) => html`
      <${Card} title=${'Your plan: ' + planName(account.plan)}>
        <${Meter} label="Licenses" used=${account.usage.licenses.used} max=${account.usage.licenses.max} />
        <${Meter} label="Webhooks" used=${account.usage.webhooks.used} max=${account.usage.webhooks.max} />
      </${Card}>
      <h2>Plans</h2>
      <ul class="plans">${plans.map(plan => html`<li key=${plan.name} class=${'plan' + (plan.name === account.plan
          ? ' current' : '')}>
        <h3>${planName(plan.name)} ${plan.name === account.plan && html`<${Badge} tone="info">Current</${Badge}>`}</h3>
        <ul>
          <${Offer} has=${true}>${plan.maxLicenses === null
              ? 'Unlimited licenses' : plural(plan.maxLicenses, 'license')}</${Offer}>
          <${Offer} has=${plan.maxWebhooks !== 0}>${plan.maxWebhooks === null ? 'Unlimited webhooks'
            : plan.maxWebhooks ? plural(plan.maxWebhooks, 'webhook') : 'No webhooks'}</${Offer}>
          <${Offer} has=${true}>${`Log kept for ${number(plan.logRetentionDays)} days`}</${Offer}>
        </ul></li>`)}</ul>
      <p class="faint">To change plans, contact your administrator and quote your account ID, <code>${account.id}</code>. After a
        downgrade, your licenses stay and validate. If the new plan has no webhooks, Keyhook stops sending events.</p>`}</${Loaded}>`;
}

function Offer({ has, children }) {
  return html`<li class=${has ? '' : 'faint'}><${Icon} name=${has ? 'check' : 'close'} />${children}</li>`;
}
