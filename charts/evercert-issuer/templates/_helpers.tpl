{{/* Name of every object of the release. */}}
{{- define "evercert-issuer.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains .Chart.Name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (default .Chart.Name .Values.nameOverride) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "evercert-issuer.serviceAccountName" -}}
{{- default (include "evercert-issuer.fullname" .) .Values.serviceAccount.name }}
{{- end }}

{{/* What selects the pods; never changes between versions, a Deployment's selector is immutable. */}}
{{- define "evercert-issuer.selectorLabels" -}}
app.kubernetes.io/name: evercert-issuer
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: controller
{{- end }}

{{- define "evercert-issuer.labels" -}}
{{ include "evercert-issuer.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: evercert
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.global.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Image reference: image.repository is a whole name; without it imageRegistry, imageNamespace and the chart's own image name. */}}
{{- define "evercert-issuer.image" -}}
{{- $registry := default .Values.imageRegistry .Values.global.imageRegistry }}
{{- $name := .Values.image.repository }}
{{- if not $name }}
{{- $name = join "/" (compact (list $registry .Values.imageNamespace "evercert-issuer")) }}
{{- end }}
{{- if .Values.image.digest }}
{{- printf "%s@%s" $name .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" $name (default .Chart.AppVersion (.Values.image.tag | toString)) }}
{{- end }}
{{- end }}
