/*
 * Service control as legacy samples use it to load their driver (W-U-17). A service's driver is the image with the service's name, or with
 * that of the file in its path. Loading and unloading run on a system worker, as DriverEntry does on Windows.
 */
#include "process.h"
#include "win32.h"

#include "../nt/image.h"

#define SERVICE_NAME_MAX 64
#define SERVICE_STOPPED 1u
#define SERVICE_STOP_PENDING 3u
#define SERVICE_RUNNING 4u
#define CONTROL_STOP 1u
#define ERROR_INVALID_SERVICE_CONTROL 1052u
#define ERROR_SERVICE_ALREADY_RUNNING 1056u
#define ERROR_SERVICE_DOES_NOT_EXIST 1060u
#define ERROR_SERVICE_CANNOT_ACCEPT_CTRL 1061u
#define ERROR_SERVICE_NOT_ACTIVE 1062u
#define ERROR_SERVICE_MARKED_FOR_DELETE 1072u
#define ERROR_SERVICE_EXISTS 1073u

typedef struct win32_service_status {
    DWORD type, state, controls, exit_code, specific, checkpoint, hint;
} SERVICE_STATUS;

struct service {
    struct service *next;
    char name[SERVICE_NAME_MAX];
    const struct driver_image *image;
    struct nt_driver *driver;  /* referenced; NULL: stopped */
    unsigned handles;
    bool marked;
};
static struct service *services;
static struct service manager; /* what OpenSCManager returns */
static KEVENT database;        /* signalled: no service is being started or stopped */

void service_begin(void)
{
    services = NULL;
    ke_initialize_event(&database, SynchronizationEvent, TRUE);
}

/* An unload that had to wait for the device's last handle may have happened meanwhile. */
static void look_at_driver(struct service *service)
{
    if (service->driver && service->driver->unloaded) {
        ob_dereference(service->driver);
        service->driver = NULL;
    }
}

/* A service that is marked goes with its last handle, once it is stopped. */
static void remove_if_due(struct service *service)
{
    look_at_driver(service);
    if (service->handles || !service->marked || service->driver)
        return;
    for (struct service **at = &services; *at; at = &(*at)->next)
        if (*at == service) {
            *at = service->next;
            return;
        }
}

const char *service_left(void)
{
    struct service *s = services;
    while (s && s->marked)
        s = s->next;
    return s ? s->name : NULL;
}

static struct service *find(const char *name)
{
    for (struct service *s = services, *next; s; s = next) {
        next = s->next;
        remove_if_due(s);
    }
    for (struct service *s = services; s; s = s->next)
        if (!strcmp(s->name, name))
            return s;
    return NULL;
}

/* "C:\x\cancel.sys" -> "cancel" */
static void base_name(const char *path, char name[SERVICE_NAME_MAX])
{
    size_t n = 0;
    for (const char *p = path; *p; p++)
        if (*p == '\\' || *p == '/')
            path = p + 1;
    for (; path[n] && path[n] != '.' && n + 1 < SERVICE_NAME_MAX; n++)
        name[n] = path[n];
    name[n] = 0;
}

static void narrow(const WCHAR *from, char *to, size_t size)
{
    size_t i = 0;
    for (; from && from[i] && i + 1 < size; i++)
        to[i] = (char)from[i];
    to[i] = 0;
}

static struct service *create(const char *name, const char *path)
{
    struct service *service = find(name);
    if (service)
        return error_fail(service->marked ? ERROR_SERVICE_MARKED_FOR_DELETE : ERROR_SERVICE_EXISTS), NULL;
    char file[SERVICE_NAME_MAX];
    base_name(path, file);
    service = ex_system_alloc(sizeof *service);
    for (size_t i = 0; name[i] && i + 1 < sizeof service->name; i++)
        service->name[i] = name[i];
    service->image = image_find(name) ? image_find(name) : image_find(file);
    service->handles = 1;
    service->next = services;
    services = service;
    return service;
}

static struct service *open(const char *name)
{
    struct service *service = find(name);
    if (!service)
        return error_fail(ERROR_SERVICE_DOES_NOT_EXIST), NULL;
    service->handles++;
    return service;
}

/* ---- Work on a system thread ---- */

struct load {
    struct ex_work work;
    struct service *service;
    bool unload;
    NTSTATUS status;
    KEVENT done;
};

static void run_load(void *context)
{
    struct load *load = context;
    struct service *service = load->service;
    if (load->unload) {
        load->status = io_ask_driver_to_unload(service->driver);
    } else {
        load->status = io_load_driver(service->image, &service->driver);
        if (NT_SUCCESS(load->status))
            ob_reference(service->driver);
    }
    ke_set_event(&load->done, 0, FALSE);
}

static NTSTATUS in_system(struct service *service, bool unload)
{
    struct load *load = ex_system_alloc(sizeof *load);
    *load = (struct load){.work = {.run = run_load, .context = load}, .service = service, .unload = unload};
    ke_initialize_event(&load->done, NotificationEvent, FALSE);
    ex_queue_work(&load->work);
    ke_wait_internal(&load->done, unload ? "a driver to unload" : "a driver to load");
    NTSTATUS status = load->status;
    ex_system_free(load);
    return status;
}

static BOOL start(struct service *service)
{
    look_at_driver(service);
    if (service->driver)
        return error_fail(ERROR_SERVICE_ALREADY_RUNNING);
    if (!service->image)
        return error_fail(ERROR_FILE_NOT_FOUND);
    NTSTATUS status = in_system(service, false);
    if (NT_SUCCESS(status))
        return TRUE;
    service->driver = NULL;
    return error_from_status(status);
}

static BOOL stop(struct service *service)
{
    look_at_driver(service);
    if (!service->driver)
        return error_fail(ERROR_SERVICE_NOT_ACTIVE);
    if (!service->driver->object.DriverUnload)
        return error_fail(ERROR_INVALID_SERVICE_CONTROL);
    if (service->driver->unload_pending)
        return error_fail(ERROR_SERVICE_CANNOT_ACCEPT_CTRL);
    in_system(service, true);
    return TRUE;
}

/* One at a time, as the service control manager does it: two starts at once load one driver. */
static BOOL alone(BOOL (*change)(struct service *service), struct service *service)
{
    ke_wait_internal(&database, "the service database");
    BOOL done = change(service);
    ke_set_event(&database, 0, FALSE);
    return done;
}

/* While handles keep the driver, the service is on its way to stop (W-DRV-5). */
static void report_status(struct service *service, SERVICE_STATUS *status)
{
    look_at_driver(service);
    DWORD state = !service->driver ? SERVICE_STOPPED : service->driver->unload_pending ? SERVICE_STOP_PENDING : SERVICE_RUNNING;
    *status = (SERVICE_STATUS){.type = 1, .state = state, .controls = state == SERVICE_RUNNING && service->driver->object.DriverUnload};
    msan_define(status, sizeof *status);
}

/* ---- The functions ---- */

void *OpenSCManagerA(const char *machine_name, const char *database, DWORD access)
{
    (void)machine_name, (void)database;
    user_enter(DDI_OpenSCManagerA, access, 0);
    user_leave(0);
    return &manager;
}

void *OpenSCManagerW(const WCHAR *machine_name, const WCHAR *database, DWORD access)
{
    (void)machine_name, (void)database;
    return OpenSCManagerA(NULL, NULL, access);
}

void *CreateServiceA(void *scm, const char *name, const char *display, DWORD access, DWORD type, DWORD start_type, DWORD error,
                     const char *path, const char *group, DWORD *tag, const char *dependencies, const char *account, const char *password)
{
    (void)scm, (void)display, (void)access, (void)error, (void)group, (void)tag, (void)dependencies, (void)account, (void)password;
    user_enter(DDI_CreateServiceA, type, start_type);
    struct service *service = create(name, path ? path : name);
    user_leave(trace_object(service));
    return service;
}

void *CreateServiceW(void *scm, const WCHAR *name, const WCHAR *display, DWORD access, DWORD type, DWORD start_type, DWORD error,
                     const WCHAR *path, const WCHAR *group, DWORD *tag, const WCHAR *dependencies, const WCHAR *account, const WCHAR *password)
{
    (void)display, (void)group, (void)dependencies, (void)account, (void)password;
    char ansi_name[SERVICE_NAME_MAX], ansi_path[260];
    narrow(name, ansi_name, sizeof ansi_name);
    narrow(path ? path : name, ansi_path, sizeof ansi_path);
    return CreateServiceA(scm, ansi_name, NULL, access, type, start_type, error, ansi_path, NULL, tag, NULL, NULL, NULL);
}

void *OpenServiceA(void *scm, const char *name, DWORD access)
{
    (void)scm;
    user_enter(DDI_OpenServiceA, access, 0);
    struct service *service = open(name);
    user_leave(trace_object(service));
    return service;
}

void *OpenServiceW(void *scm, const WCHAR *name, DWORD access)
{
    char ansi[SERVICE_NAME_MAX];
    narrow(name, ansi, sizeof ansi);
    return OpenServiceA(scm, ansi, access);
}

BOOL StartServiceA(void *service, DWORD count, const char **arguments)
{
    (void)arguments;
    user_enter(DDI_StartServiceA, trace_object(service), count);
    BOOL done = alone(start, service);
    user_leave((uint64_t)done);
    return done;
}

BOOL StartServiceW(void *service, DWORD count, const WCHAR **arguments)
{
    (void)arguments;
    return StartServiceA(service, count, NULL);
}

BOOL ControlService(void *service, DWORD control, SERVICE_STATUS *status)
{
    user_enter(DDI_ControlService, trace_object(service), control);
    BOOL done = control == CONTROL_STOP ? alone(stop, service) : error_fail(ERROR_INVALID_SERVICE_CONTROL);
    if (done && status)
        report_status(service, status);
    user_leave((uint64_t)done);
    return done;
}

BOOL QueryServiceStatus(void *service, SERVICE_STATUS *status)
{
    user_enter(DDI_QueryServiceStatus, trace_object(service), 0);
    report_status(service, status);
    user_leave(TRUE);
    return TRUE;
}

BOOL DeleteService(void *handle)
{
    user_enter(DDI_DeleteService, trace_object(handle), 0);
    struct service *service = handle;
    BOOL done = service->marked ? error_fail(ERROR_SERVICE_MARKED_FOR_DELETE) : TRUE;
    service->marked = true;
    user_leave((uint64_t)done);
    return done;
}

BOOL CloseServiceHandle(void *handle)
{
    user_enter(DDI_CloseServiceHandle, trace_object(handle), 0);
    struct service *service = handle;
    if (service != &manager && service->handles) {
        service->handles--;
        remove_if_due(service);
    }
    user_leave(TRUE);
    return TRUE;
}
