# One page: does it paint, how fast, and what is in the way.

locals {
  sum    = { alignmentPeriod = "300s", perSeriesAligner = "ALIGN_DELTA", crossSeriesReducer = "REDUCE_SUM" }
  median = { alignmentPeriod = "300s", perSeriesAligner = "ALIGN_DELTA", crossSeriesReducer = "REDUCE_PERCENTILE_50" }
  late   = { alignmentPeriod = "300s", perSeriesAligner = "ALIGN_DELTA", crossSeriesReducer = "REDUCE_PERCENTILE_95" }
  # Of distributions, which can't be summed up.
  average = { alignmentPeriod = "300s", perSeriesAligner = "ALIGN_DELTA", crossSeriesReducer = "REDUCE_MEAN" }
  mean    = { alignmentPeriod = "60s", perSeriesAligner = "ALIGN_DELTA", crossSeriesReducer = "REDUCE_MEAN" }

  # Title, and the lines of the chart: name, metric, how it is put together, what tells lines apart.
  charts = [
    { title = "Slots", lines = [["at work", "slots_in_use", local.mean, []], ["there are", "slots", local.mean, []]] },
    { title = "Pictures that wait for a slot", lines = [["waiting", "slots_waiting", local.mean, []]] },
    { title = "Pictures ended", lines = [["", "pictures", local.sum, ["status", "code"]]] },
    { title = "Books ended", lines = [["", "books", local.sum, ["status"]]] },
    { title = "Until the first picture, seconds", lines = [["median", "first_picture_seconds", local.median, []], ["95 %", "first_picture_seconds", local.late, []]] },
    { title = "What the server adds to a book, seconds", lines = [["median", "book_overhead_seconds", local.median, []], ["95 %", "book_overhead_seconds", local.late, []]] },
    { title = "Painting a picture, seconds", lines = [["median", "painting_seconds", local.median, []], ["95 %", "painting_seconds", local.late, []]] },
    { title = "A book, seconds", lines = [["median", "book_seconds", local.median, []], ["95 %", "book_seconds", local.late, []]] },
    { title = "Pictures in a book", lines = [["mean", "book_pictures", local.mean, []]] },
    { title = "Calls", lines = [["", "calls", local.sum, ["function"]]] },
    { title = "Answers that were no success", lines = [["", "calls", local.sum, ["function", "code"]]], only = " AND metric.labels.status=monitoring.regex.full_match(\"[45]..\")" },
    { title = "Own time of calls, milliseconds, 95 %", lines = [["", "call_ms", local.late, ["function"]]] },
    { title = "Sweeps that found something, and how much each on average", lines = [["sweeps", "sweep_found", local.sum, []], ["steps", "sweep_steps", local.average, []], ["fan-outs", "sweep_fan_outs", local.average, []], ["jobs", "sweep_jobs", local.average, []], ["callbacks", "sweep_callbacks", local.average, []]] },
    { title = "Pauses of the painter", lines = [["", "painter_paused", local.sum, ["reason"]], ["longest, seconds", "painter_paused_for", local.late, []]] },
    { title = "Refusals of the painter", lines = [["", "painter_refused", local.sum, ["code"]]] },
  ]
}

resource "google_monitoring_dashboard" "this" {
  project = var.project

  dashboard_json = jsonencode({
    displayName = "Fairy Tale Image Server"
    mosaicLayout = {
      columns = 48
      tiles = [
        for index, chart in local.charts : {
          xPos   = index % 2 * 24
          yPos   = floor(index / 2) * 16
          width  = 24
          height = 16
          widget = {
            title = chart.title
            xyChart = {
              dataSets = [
                for line in chart.lines : {
                  plotType       = "LINE"
                  targetAxis     = "Y1"
                  legendTemplate = line[0]
                  timeSeriesQuery = {
                    timeSeriesFilter = {
                      filter = "${format(local.count_of, local.metric[line[1]])}${try(chart.only, "")}"
                      aggregation = merge(line[2], {
                        groupByFields = [for label in line[3] : "metric.labels.${label}"]
                      })
                    }
                  }
                }
              ]
            }
          }
        }
      ]
    }
  })

  depends_on = [google_logging_metric.counter, google_logging_metric.distribution]
}
