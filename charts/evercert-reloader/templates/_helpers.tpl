{{/* Name of every object of the release. */}}
{{- define "evercert-reloader.fullname" -}}
{{- default (printf "%s-reloader" .Release.Name) .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "evercert-reloader.serviceAccountName" -}}
{{- default (include "evercert-reloader.fullname" .) .Values.reloader.serviceAccount.name }}
{{- end }}

{{/* What selects the pods; never changes between versions, a Deployment's selector is immutable. */}}
{{- define "evercert-reloader.selectorLabels" -}}
app.kubernetes.io/name: evercert-reloader
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: reloader
{{- end }}

{{- define "evercert-reloader.labels" -}}
{{ include "evercert-reloader.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: evercert
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.global.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Image reference: image.repository is a whole name; without it imageRegistry, imageNamespace and the chart's own image name. */}}
{{- define "evercert-reloader.image" -}}
{{- $registry := default .Values.imageRegistry .Values.global.imageRegistry }}
{{- $name := .Values.image.repository }}
{{- if not $name }}
{{- $name = join "/" (compact (list $registry .Values.imageNamespace "evercert-reloader")) }}
{{- end }}
{{- if .Values.image.digest }}
{{- printf "%s@%s" $name .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" $name (default .Chart.AppVersion (.Values.image.tag | toString)) }}
{{- end }}
{{- end }}
