{{- define "keyhook.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 48 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 48 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "keyhook.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "keyhook.labels" -}}
{{ include "keyhook.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "keyhook.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/* The configuration file: the chart's own settings win over those of the values. */}}
{{- define "keyhook.config" -}}
{{- $http := dict "enabled" true "host" "0.0.0.0" "port" 8080 "drainDelay" (printf "PT%dS" (int .Values.drainDelaySeconds)) }}
{{- $own := dict "http" $http "management" (dict "host" "0.0.0.0" "port" 9090) }}
{{- mergeOverwrite (deepCopy .Values.config) $own | toPrettyJson }}
{{- end }}

{{/*
The keys of the Secret that a pod gets, by the variable that names the file.
@param root, and owner: whether the pod may change the database's tables
*/}}
{{- define "keyhook.secrets" -}}
{{- $keys := .root.Values.secretKeys }}
{{- $variables := dict
  "KEYHOOK_DATABASE_URI_FILE" $keys.databaseUri
  "KEYHOOK_DATABASE_PASSWORD_FILE" $keys.databasePassword
  "KEYHOOK_SECRETS_MASTER_KEY_FILE" $keys.masterKey
  "KEYHOOK_SECRETS_PREVIOUS_MASTER_KEYS_FILE" $keys.previousMasterKeys
  "KEYHOOK_AUTH_JWT_SECRET_FILE" $keys.jwtSecret
  "KEYHOOK_AUTH_JWT_PUBLIC_KEY_FILE" $keys.jwtPublicKey
  "KEYHOOK_AUTH_JWT_PRIVATE_KEY_FILE" $keys.jwtPrivateKey
  "KEYHOOK_OPERATOR_KEY_FILE" $keys.operatorKey
  "KEYHOOK_BOOTSTRAP_PASSWORD_FILE" $keys.bootstrapPassword
  "KEYHOOK_BOOTSTRAP_API_KEY_FILE" $keys.bootstrapApiKey
  "KEYHOOK_DELIVERY_PROXY_FILE" $keys.deliveryProxy
  "KEYHOOK_MAIL_PASSWORD_FILE" $keys.mailPassword }}
{{- if .owner }}
{{- $_ := set $variables "KEYHOOK_DATABASE_MIGRATION_URI_FILE" $keys.migrationUri }}
{{- end }}
{{- range $variable, $key := $variables }}
{{- if $key }}
{{ $variable }}: {{ $key | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* @param root, owner */}}
{{- define "keyhook.env" -}}
- name: KEYHOOK_CONFIG
  value: /etc/keyhook/config/keyhook.json
{{- range $variable, $key := include "keyhook.secrets" . | fromYaml }}
- name: {{ $variable }}
  value: /etc/keyhook/secrets/{{ $key }}
{{- end }}
{{- with .root.Values.env }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "keyhook.secretName" -}}
{{ required "Create a Secret with database-uri, master-key and jwt-secret, and set existingSecret to its name. The guide shows how, on the page Operating under Kubernetes." .Values.existingSecret }}
{{- end }}

{{/* The same for nodes and the migration. */}}
{{- define "keyhook.pod" -}}
automountServiceAccountToken: false
# A service named keyhook-http would set KEYHOOK_HTTP_PORT.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "keyhook.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: ["ALL"]
{{- end }}

{{/* @param root, owner, and name: of the ConfigMap */}}
{{- define "keyhook.volumes" -}}
- name: config
  configMap:
    name: {{ .name }}
# Only what the pod uses. A key that the Secret lacks keeps the pod from starting, and its events name the key.
- name: secrets
  secret:
    secretName: {{ include "keyhook.secretName" .root }}
    defaultMode: 0440
    items:
      {{- range include "keyhook.secrets" . | fromYaml | values | uniq | sortAlpha }}
      - key: {{ . | quote }}
        path: {{ . | quote }}
      {{- end }}
# For the native libraries that Netty unpacks; in memory.
- name: tmp
  emptyDir:
    medium: Memory
    sizeLimit: 32Mi
{{- with .root.Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "keyhook.mounts" -}}
- name: config
  mountPath: /etc/keyhook/config
  readOnly: true
- name: secrets
  mountPath: /etc/keyhook/secrets
  readOnly: true
- name: tmp
  mountPath: /tmp
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}
